import { connect } from 'node:tls'
import type { Target } from '../broker/target.js'

const TIMEOUT_MS = 5_000

/**
 * Returns when the broker's certificate expires; `undefined` if it shows none in time. The issuer does not matter here.
 */
export async function certificateEnd({ host, port }: Target): Promise<Date | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: TIMEOUT_MS }, () => {
      const { valid_to: end } = socket.getPeerCertificate()
      socket.destroy()
      resolve(end === undefined ? undefined : new Date(end))
    })
    const nothing = (): void => {
      socket.destroy()
      resolve(undefined)
    }
    socket.on('error', nothing).on('timeout', nothing)
  })
}
