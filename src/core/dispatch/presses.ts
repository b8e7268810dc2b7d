import { buttonRow, type PressKind } from '../ports/buttons.ts';
import { parseOptions } from '../ports/command.ts';
import type { Dispatch, Press } from '../ports/events.ts';
import type { DispatchParts } from './parts.ts';

/** Does what a button is for. @param given a text from its form; null if it was left empty */
type Act = (press: Press, given: (name: string) => string | null) => Promise<void>;

/** Actions on answers: buttons, the platform's own stop button, and deletion. */
export function createPresses({
  services: { chat },
  arrivals,
  permission,
  teller,
}: DispatchParts): Pick<Dispatch, 'press' | 'refusalOfPress' | 'stop' | 'deleteAnswer'> {
  const acts: Readonly<Record<PressKind, Act>> = {
    stop: chat.stop,
    confirm: chat.confirm,
    answer: chat.answerMissed,
    retry: (press, given) => chat.retry(press, given('model')),
    edited: chat.answerEdited,
    more: chat.goOn,
    thinking: chat.showThinking,
    continue: chat.continueInThread,
    good: (press, given) => chat.rate(press, 'good', given('reason')),
    bad: (press, given) => chat.rate(press, 'bad', given('reason')),
    unlisten: chat.unlisten,
  };

  async function run(press: Press): Promise<void> {
    const { label: name, form = {} } = buttonRow(press.button);
    const parsed = parseOptions({ name, options: form }, press.given ?? {});
    if (!parsed.ok) return teller.say(press.surface, parsed.problem);
    const bar = press.button === 'stop' ? null : await permission.barOf(press);
    if (bar !== null) return teller.say(press.surface, bar);
    await acts[press.button](press, (name) => {
      const value = parsed.values[name];
      return typeof value === 'string' ? value : null;
    });
  }

  return {
    press: (press) => arrivals.handleOnce(press, () => run(press)),
    refusalOfPress: (press) =>
      arrivals.refusal(
        { button: press.button },
        async () => (await permission.barOf(press)) ?? chat.refusalOfPress(press),
      ),
    stop: (event) =>
      arrivals.handleOnce(event, async () => {
        await chat.stopAt(event.place, event.actor);
      }),
    deleteAnswer: (request) => arrivals.handleOnce(request, () => chat.deleteAnswer(request)),
  };
}
