import type { Command } from '../core/command.ts';
import { access } from './access.ts';
import { answers } from './answers.ts';
import { ask } from './ask.ts';
import { automatic } from './automatic.ts';
import { channel } from './channel.ts';
import { connect } from './connect.ts';
import { context } from './context.ts';
import { disconnect } from './disconnect.ts';
import { exportData } from './export.ts';
import { forget } from './forget.ts';
import { help } from './help.ts';
import { instructions } from './instructions.ts';
import { limits } from './limits.ts';
import { listen } from './listen.ts';
import { model } from './model.ts';
import { models } from './models.ts';
import { newConversation } from './new.ts';
import { persona } from './persona.ts';
import { stop } from './stop.ts';
import { summarise } from './summarise.ts';
import { tier } from './tier.ts';
import { usage } from './usage.ts';

/** All commands, in the order in which people see them. */
export const commands: readonly Command[] = [
  ask,
  summarise,
  models,
  model,
  instructions,
  persona,
  context,
  newConversation,
  listen,
  answers,
  stop,
  usage,
  automatic,
  limits,
  channel,
  access,
  tier,
  connect,
  disconnect,
  forget,
  exportData,
  help,
];
