import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, fanoutExchange, type LeveretError, Producer, PublishError, Publisher } from 'leveret'
import { z } from 'zod'
import { probeMark } from '../invariants.js'
import { letterOf, type QueueName, queueNames } from '../ledger/message.js'
import { type Behaviour, behaviourOf, type contractsOf } from './contracts.js'
import type { Notebook } from './notebook.js'
import type { ClientSettings } from './settings.js'

/** How long a loop pauses after a failed send. */
const AFTER_FAILURE_MS = 50
/** Pause between messages whose only handler must keep up, even with a cluster or a busy machine. */
const ORDERED_PAUSE_MS = 30
const PADDING = 'x'.repeat(100)

/** Sends all the time, until it is stopped. */
export class Sending {
  readonly #rabbit: Connection
  readonly #notebook: Notebook
  readonly #settings: ClientSettings
  readonly #producers: Readonly<Record<QueueName, Producer<ReturnType<typeof contractsOf>[QueueName]>>>
  readonly #loops: Promise<void>[]
  #next = 1
  #stopped = false

  constructor(
    rabbit: Connection,
    contracts: ReturnType<typeof contractsOf>,
    notebook: Notebook,
    settings: ClientSettings,
  ) {
    this.#rabbit = rabbit
    this.#notebook = notebook
    this.#settings = settings
    this.#producers = {
      work: new Producer(rabbit, contracts.work),
      plain: new Producer(rabbit, contracts.plain),
      ordered: new Producer(rabbit, contracts.ordered),
    }
    const loops = (queue: QueueName, count: number) => Array.from({ length: count }, () => this.#loop(queue))
    const { senders } = settings
    this.#loops = [...loops('work', senders), ...loops('plain', senders), ...loops('ordered', 1)]
  }

  /** Stops sending. Resolves when every send has settled. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  /** Sends a last message to each queue. */
  async probe(): Promise<void> {
    const id = (queue: QueueName): string => `${letterOf[queue]}${this.#settings.run}${probeMark}`
    await Promise.all(queueNames.map((queue) => this.#send(queue, id(queue), 'succeeds')))
  }

  /** Sends a message whose handler hangs. */
  async hang(): Promise<void> {
    await this.#send('work', this.#newId('w'), 'hangs')
  }

  /** Publishes messages of `bytes` bytes to an exchange, as mandatory ones. */
  async publish(exchange: string, count: number, bytes: number): Promise<void> {
    const publisher = new Publisher(this.#rabbit, fanoutExchange(exchange, { payload: z.string() }))
    const text = 'x'.repeat(bytes)
    const ids = Array.from({ length: count }, () => this.#newId('x'))
    const options = { mandatory: true }
    await Promise.all(
      ids.map((messageId) => this.#settled(messageId, () => publisher.publish(text, { ...options, messageId }))),
    )
    await publisher.close()
  }

  async #loop(queue: QueueName): Promise<void> {
    while (!this.#stopped) {
      const confirmed = await this.#send(queue, this.#newId(letterOf[queue]), behaviourOf(this.#next))
      const { pauseMs } = this.#settings
      if (!confirmed) await delay(AFTER_FAILURE_MS)
      else if (queue === 'ordered') await delay(ORDERED_PAUSE_MS)
      else if (pauseMs > 0) await delay(Math.random() * pauseMs)
    }
  }

  async #send(queue: QueueName, messageId: string, behaviour: Behaviour): Promise<boolean> {
    const payload = { n: this.#next, behaviour, padding: PADDING }
    return await this.#settled(messageId, () => this.#producers[queue].send(payload, { messageId }))
  }

  async #settled(id: string, send: () => Promise<unknown>): Promise<boolean> {
    this.#notebook.note('published', id)
    try {
      await send()
      this.#notebook.note('confirmed', id)
      return true
    } catch (error) {
      const { name, message } = error as LeveretError
      if (error instanceof PublishError) this.#notebook.note('failed', id, error.outcome)
      else this.#notebook.note('failed', id, `error:${name}:${message}`)
      return false
    }
  }

  #newId(letter: string): string {
    return `${letter}${this.#settings.run}-${this.#next++}`
  }
}
