import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@leveret/testing'
import { connect } from 'leveret'
import { Probe } from './probe.js'

/** A link that lived for less than a second is dialled again later; one that is reset young is another question. */
const UP_MS = 1_500

/** Resets a link so many times. @returns how long after each reset a message sent right after it was confirmed */
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
