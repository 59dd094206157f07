import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@leveret/testing'
import { type Connection, connect } from 'leveret'
import { Probe } from './probe.js'

/** Age at which a link is reset. A younger link is not yet a success; {@link afterQuickResets} resets those. */
const UP_MS = 1_500

/** Resets a link several times. @returns how long after each reset a message sent right after it was confirmed */
export async function afterResets(url: string, times: number): Promise<number[]> {
  await using proxy = await startFaultProxy({ to: url })
  await using rabbit = await connect(proxy.url)
  const probe = await Probe.on(rabbit)
  const samplesMs: number[] = []
  for (let n = 0; n < times; n += 1) {
    await sleep(UP_MS)
    const sinceMs = performance.now()
    proxy.reset()
    samplesMs.push((await probe.confirmedAt()) - sinceMs)
  }
  return samplesMs
}

/** Resets a link several times in a row, each time as soon as it is up. @returns how long each recovery took */
export async function afterQuickResets(url: string, times: number): Promise<number[]> {
  await using proxy = await startFaultProxy({ to: url })
  await using rabbit = await connect(proxy.url)
  const samplesMs: number[] = []
  for (let n = 0; n < times; n += 1) {
    const sinceMs = performance.now()
    const back = nextOf(rabbit, 'connected')
    proxy.reset()
    samplesMs.push((await back) - sinceMs)
  }
  return samplesMs
}

/** Closes several attempts in a row right after the accept. @returns how long after each attempt the next came */
export async function afterQuickHangUps(url: string, times: number): Promise<number[]> {
  await using proxy = await startFaultProxy({ to: url })
  await using rabbit = await connect(proxy.url)
  proxy.cutAfterServerBytes(0)
  const samplesMs: number[] = []
  const first = nextOf(rabbit, 'connect-failed')
  proxy.reset()
  let lastMs = await first
  for (let n = 0; n < times; n += 1) {
    const nextMs = await nextOf(rabbit, 'connect-failed')
    samplesMs.push(nextMs - lastMs)
    lastMs = nextMs
  }
  return samplesMs
}

function nextOf(rabbit: Connection, name: 'connected' | 'connect-failed'): Promise<number> {
  return new Promise((resolve) => {
    const listener = (): void => {
      rabbit.off(name, listener)
      resolve(performance.now())
    }
    rabbit.on(name, listener)
  })
}
