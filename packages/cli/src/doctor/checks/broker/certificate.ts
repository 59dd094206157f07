import type { Check } from '../../check.js'

const SOON_MS = 30 * 24 * 60 * 60 * 1_000

/** Finds a certificate of the broker that expires soon. */
export const certificate: Check = {
  name: 'certificate',
  ask: ({ certificateEnds }) => {
    const left = certificateEnds === undefined ? Number.POSITIVE_INFINITY : certificateEnds.getTime() - Date.now()
    if (certificateEnds === undefined || left > SOON_MS) return []
    return [
      {
        severity: left < 0 ? 'error' : 'warning',
        subject: 'certificate',
        evidence: `the broker's certificate ${left < 0 ? 'expired' : 'expires'} on ${certificateEnds.toISOString().slice(0, 10)}`,
        wayOut: 'renew it, and make the broker read it: rabbitmqctl eval "ssl:clear_pem_cache()."',
      },
    ]
  },
}
