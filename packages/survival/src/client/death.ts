import { subscribe } from 'node:diagnostics_channel'
import type { PublishTrace, Worker } from 'leveret'
import type { ClientSettings, Step } from './settings.js'

/** Kills this process when it has reached a step for the given number of times. */
export class Death {
  readonly #step: Step | undefined
  #left: number

  constructor({ dieAt }: Pick<ClientSettings, 'dieAt'>) {
    this.#step = dieAt?.step
    this.#left = dieAt?.times ?? 0
    if (this.#step?.endsWith('-published')) this.#follow('published')
    if (this.#step?.endsWith('-confirmed')) this.#follow('confirmed')
  }

  /** Counts a step. Does not return if this kills the process. */
  at(step: Step): void {
    if (step !== this.#step) return
    this.#left -= 1
    if (this.#left <= 0) process.kill(process.pid, 'SIGKILL')
  }

  /** Follows what a worker does with a delivery. */
  watch(worker: Worker): void {
    worker.on('delivery.retried', () => this.at('retried'))
    worker.on('delivery.dead-lettered', () => this.at('dead-lettered'))
  }

  /** Follows the copies of failed messages. Their routing key says where they go. */
  #follow(what: 'published' | 'confirmed'): void {
    const topic = what === 'published' ? 'leveret:published' : 'tracing:leveret:publish:asyncEnd'
    subscribe(topic, (message) => {
      const { routingKey, outcome = what } = message as Partial<PublishTrace> & Pick<PublishTrace, 'routingKey'>
      if (outcome !== what) return
      if (routingKey.includes('.retry.')) this.at(`copy-${what}`)
      if (routingKey.endsWith('.dead-letter')) this.at(`letter-${what}`)
    })
  }
}
