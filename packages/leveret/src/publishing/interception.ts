import { Deadlines, expireDue } from '../async/deadlines.js'
import { onAbort } from '../async/on-abort.js'
import { DenseSet } from '../collections/dense-set.js'
import { type Interceptor, type Layer, runInside, type SentMessage } from '../connection/interceptor.js'
import { OptionsError } from '../errors/options-error.js'
import { headersProblem } from '../message/amqp-table.js'
import type { Headers, OutgoingMessage } from '../message/message.js'
import { parseOptions } from '../options.js'
import { userHeaders } from './compose.js'
import type { PublishRequest } from './engine/request.js'
import { GivenUp } from './given-up.js'
import { Passage } from './passage.js'

const NONE: Headers = Object.freeze({})
const NOTHING = (): void => undefined

/** The `publish` method of an interceptor. */
type PublishLayer = Layer<SentMessage, Headers>

/**
 * Submits messages inside the layers, each within the time of its request. If a message was submitted, the broker's
 * answer decides the result; otherwise the publish fails as `not-sent`.
 */
export class Interception {
  /** Whether there is a layer. */
  readonly isWanted: boolean
  readonly #layers: readonly PublishLayer[]
  readonly #closed: AbortSignal
  readonly #waiting = new DenseSet<Passage>()
  readonly #deadlines = new Deadlines((now) => expireDue(this.#waiting, now, (passage) => passage.giveUpLate()), {
    keepsAlive: false,
  })
  #unlisten: () => void = NOTHING

  /** @param closed - aborted when nothing more is sent */
  constructor(interceptors: readonly Interceptor[], closed: AbortSignal) {
    this.#layers = interceptors.flatMap((interceptor): PublishLayer[] => {
      const { publish } = interceptor
      return publish === undefined ? [] : [(message, next) => publish.call(interceptor, message, next)]
    })
    this.isWanted = this.#layers.length > 0
    this.#closed = closed
  }

  /** @throws {@link PublishError}; `unknown` if a layer fails after the broker has confirmed */
  async submit<R extends Intercepted>(request: R, sink: Sink<R>): Promise<void> {
    const passage = new Passage(request, sink.hold(request), this.#left)
    const work = runInside(
      this.#layers,
      describe(request.message),
      ({ headers }) => passage.submit((leftMs) => sink.submit(inTime(request, headers, leftMs))),
      addHeaders,
    )
    // With nothing but promises of next() in between, the limits of the submitted message are the only ones.
    if (work !== passage.submitted) this.#enter(passage)
    await (work === passage.submitted ? work : passage.settled(work))
  }

  #enter(passage: Passage): void {
    if (this.#waiting.size === 0) this.#unlisten = onAbort(this.#closed, this.#onClosed)
    this.#waiting.add(passage)
    this.#deadlines.watch(passage.dueAt)
  }

  readonly #left = (passage: Passage): void => {
    if (this.#waiting.delete(passage) && this.#waiting.size === 0) this.#unlisten()
  }

  readonly #onClosed = (): void => {
    for (const passage of this.#waiting) {
      passage.giveUp(new GivenUp('the connection has been closed', false, { cause: this.#closed.reason }))
    }
  }
}

/** The parts of a request that concern interceptors. */
export type Intercepted = Pick<PublishRequest, 'message' | 'timeoutMs' | 'signal'>

/** Target of messages after the interceptors. */
export interface Sink<R extends Intercepted> {
  /** Reserves a place for a message. @returns a function that releases it */
  hold(request: R): () => void
  /** Resolves when the broker has confirmed the message. */
  submit(request: R): Promise<unknown>
}

function inTime<R extends Intercepted>(request: R, headers: Headers, timeoutMs: number): R {
  const { message } = request
  return { ...request, message: headers === headersOf(message) ? message : withHeaders(message, headers), timeoutMs }
}

function headersOf({ properties: { headers = NONE } }: OutgoingMessage): Headers {
  return headers
}

function describe({ exchange, routingKey, content, properties }: OutgoingMessage): SentMessage {
  const { messageId, correlationId, contentType, headers = NONE } = properties
  return { exchange, routingKey, messageId, correlationId, contentType, headers, bytes: content.length }
}

function addHeaders(message: SentMessage, added: Headers): SentMessage {
  parseOptions(userHeaders, added, 'an interceptor called next')
  const headers = { ...message.headers, ...added }
  const problem = headersProblem(headers)
  if (problem === undefined) return { ...message, headers }
  throw new OptionsError(`an interceptor called next: all headers together have ${problem}`)
}

function withHeaders(message: OutgoingMessage, headers: Headers): OutgoingMessage {
  return { ...message, properties: { ...message.properties, headers } }
}
