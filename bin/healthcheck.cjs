// Exits with 0 where Parley on this machine answers /healthz.
'use strict';

var port = process.env.PORT || 3000;
fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => process.exit(response.ok ? 0 : 1),
  () => process.exit(1),
);
