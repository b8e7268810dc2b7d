/** Something that the app did which Slack does not let pass, or punishes. Tests assert that there are none. */
export interface Violation {
  readonly kind:
    | 'rate-limited'
    | 'limit-broken'
    | 'late-ack'
    | 'truncated'
    | 'unseen'
    | 'unknown-method'
    | 'missing-scope';
  readonly detail: string;
}
