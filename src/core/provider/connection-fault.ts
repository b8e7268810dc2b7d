/**
 * Faults of a name, an address, a handshake or a tunnel: nothing of the request left. The system's, TLS', and undici's.
 * @see https://undici.nodejs.org/#/docs/api/Errors.md
 */
const BEFORE_THE_REQUEST =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPROTO|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_\w+|ERR_SSL_(?:WRONG|UNSUPPORTED|TLSV1)\w+|UND_ERR_CONNECT_TIMEOUT|UND_ERR_PRX_TLS)$/;

/** Whether `fetch` failed before there was a connection that could carry the request. In doubt there was one. */
export function neverConnected(cause: unknown): boolean {
  const fault = cause instanceof Error ? cause.cause : undefined;
  // Of all addresses of a name, tried one after the other.
  if (fault instanceof AggregateError) return true;
  if (!(fault instanceof Error) || !('code' in fault) || typeof fault.code !== 'string') return false;
  // A timeout of the system's is one of connecting, or one of an idle connection.
  if ('syscall' in fault && fault.syscall === 'connect') return true;
  return BEFORE_THE_REQUEST.test(fault.code);
}
