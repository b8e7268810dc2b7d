/**
 * `fetch` rejects with it if nothing of the request was written: there was no connection, or the one in use ended before its
 * turn came. The same request can be sent again. Any other fault leaves open whether the server read the request.
 */
export class RequestUnsent extends TypeError {
  override readonly name = 'RequestUnsent';
}
