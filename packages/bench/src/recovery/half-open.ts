import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@leveret/testing'
import { type Connection, connect } from 'leveret'
import { PATIENCE_MS, Probe } from './probe.js'

const SENDING_GAP_MS = 20

/** Work that continues while a link is dead. The signal ends it. */
type Activity = (probe: Probe, signal: AbortSignal) => Promise<void>

const idle: Activity = async () => undefined

const publishing: Activity = async (probe, signal) => {
  while (!signal.aborted) {
    // A send may fail or wait because the link is dead; the next one follows all the same.
    probe.send().catch(() => undefined)
    await sleep(SENDING_GAP_MS)
  }
}

/**
 * Measures how long a link without traffic is dead before its connection reports it. The link dies at the age of
 * `aliveMs`.
 */
export async function foundIdle(url: string, aliveMs: number): Promise<number> {
  return await foundDuring(idle, url, aliveMs)
}

/** Measures the same as {@link foundIdle}, for a link with publishes all the time. */
export async function foundPublishing(url: string, aliveMs: number): Promise<number> {
  return await foundDuring(publishing, url, aliveMs)
}

/** Measures how long `connect` tries a broker that accepts and then sends nothing. */
export async function foundInHandshake(url: string): Promise<number> {
  await using proxy = await startFaultProxy({ to: url })
  proxy.blackHole()
  const sinceMs = performance.now()
  const outcome = await connect(proxy.url).catch((error: unknown) => error)
  if (outcome instanceof Error) return performance.now() - sinceMs
  throw new Error('A connection was made through a black hole.')
}

async function foundDuring(activity: Activity, url: string, aliveMs: number): Promise<number> {
  await using proxy = await startFaultProxy({ to: url })
  await using rabbit = await connect(proxy.url)
  const probe = await Probe.on(rabbit)
  const stop = new AbortController()
  const active = activity(probe, stop.signal)
  await sleep(aliveMs)
  const sinceMs = performance.now()
  proxy.blackHole()
  const foundMs = (await lostAt(rabbit)) - sinceMs
  stop.abort()
  await active
  // A healed wire lets the connection close at once.
  proxy.heal()
  return foundMs
}

/** Returns the time at which the connection reports its loss; `Infinity` if it does not in time. */
function lostAt(rabbit: Connection): Promise<number> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => resolve(Number.POSITIVE_INFINITY), PATIENCE_MS)
    rabbit.on('disconnected', () => {
      clearTimeout(patience)
      resolve(performance.now())
    })
  })
}
