import { CODE, MARKDOWN, SCRIPTS, TABLE } from './samples.ts';
import type { Stage } from './stage.ts';

/** The steps of a live check, which each platform does in its own way. */
export interface Steps {
  edits(): Promise<void>;
  /** Posts a text and reads it back. */
  readBack(what: string, text: string): Promise<void>;
  buttons(): Promise<void>;
  longText(script: string, sample: string): Promise<void>;
  unitOfLength(): Promise<void>;
  thread(): Promise<void>;
  file(): Promise<void>;
  /** Resolves to a model's answer; null if none answered, which is reported already. */
  askModel(): Promise<string | null>;
}

export async function playSteps(stage: Stage, steps: Steps): Promise<void> {
  await stage.step('edits at the pace that the limits allow', () => steps.edits());
  for (const [what, text] of Object.entries({ Markdown: MARKDOWN, 'A table': TABLE, Code: CODE })) {
    await stage.step(what, () => steps.readBack(what, text));
  }
  await stage.step('buttons', () => steps.buttons());
  for (const [script, sample] of Object.entries(SCRIPTS)) {
    await stage.step(`long text in ${script}`, () => steps.longText(script, sample));
  }
  await stage.step('the unit of length', () => steps.unitOfLength());
  await stage.step('a thread', () => steps.thread());
  await stage.step('a file', () => steps.file());
  await stage.step('a model', async () => {
    const text = await steps.askModel();
    if (text !== null) await steps.readBack('The model’s answer', text);
  });
}
