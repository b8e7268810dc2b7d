/**
 * Codes of failed lookups, connections, handshakes and tunnels, from the system, TLS and undici. Nothing of the request was
 * sent.
 * @see https://undici.nodejs.org/#/docs/api/Errors.md
 */
const BEFORE_THE_REQUEST =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPROTO|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_\w+|ERR_SSL_(?:WRONG|UNSUPPORTED|TLSV1)\w+|UND_ERR_CONNECT_TIMEOUT|UND_ERR_PRX_TLS)$/;

/** Whether `fetch` failed before a connection could carry the request. False if in doubt. */
export function neverConnected(cause: unknown): boolean {
  const fault = cause instanceof Error ? cause.cause : undefined;
  // Thrown after every address of a name has failed.
  if (fault instanceof AggregateError) return true;
  if (!(fault instanceof Error) || !('code' in fault) || typeof fault.code !== 'string') return false;
  // The system uses one timeout code for connecting and for an idle connection.
  if ('syscall' in fault && fault.syscall === 'connect') return true;
  return BEFORE_THE_REQUEST.test(fault.code);
}
