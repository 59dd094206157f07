import { AsyncResource } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { inRootContext } from '../async/root-context.js'
import type { Log } from '../log.js'
import type { ReceivedMessage } from '../message/message.js'
import { publishing } from './publish-trace.js'

/** The part of amqplib's channels that tracers watch. */
interface RawChannel {
  publish(exchange: string, routingKey: string, content: Buffer, options?: object): boolean
  consume(
    queue: string,
    onMessage: (message: ReceivedMessage | null) => void,
    options?: object,
  ): Promise<{ readonly consumerTag: string }>
}

/** What shimmer, with which most instrumentations wrap functions, leaves on its wrappers. */
interface Wrapper {
  readonly __original?: unknown
}

const datadog = channel('apm:amqplib:publish:start')

const SLOWER =
  'another library watches what amqplib publishes, so every message is written through amqplib and its traces are whole. ' +
  'That costs more; @leveret/opentelemetry traces leveret itself'
const BOTH =
  'the amqplib instrumentation is on beside @leveret/opentelemetry. leveret goes round it, so that nothing is traced twice; ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=amqplib switches it off'

/**
 * Knows whether tracers of other libraries watch amqplib's functions, and what they are to see: all messages while nobody listens to
 * `tracing:leveret:publish`, and nothing while somebody does.
 */
export class OtherTracers {
  readonly #always: boolean
  readonly #log: Pick<Log, 'write'>
  readonly #said = new Set<string>()
  /** What amqplib's channels inherit from; there from the first publish on. */
  #prototype: Partial<RawChannel> | undefined

  /**
   * @param frames - who writes messages; `amqplib` whether or not somebody can be seen to watch
   * @param log - gets each sentence once
   */
  constructor(frames: 'leveret' | 'amqplib', log: Pick<Log, 'write'>) {
    this.#always = frames === 'amqplib'
    this.#log = log
  }

  /** Whether messages are to be written by amqplib's own function. */
  seePublish(raw: RawChannel): boolean {
    this.#prototype ??= Object.getPrototypeOf(raw) as Partial<RawChannel>
    if (this.#always) return true
    if (!isWatched(raw.publish) || publishing.hasSubscribers) return false
    this.#say('info', SLOWER)
    return true
  }

  /** Publishes by amqplib's function, without what other libraries have put around it where they are to see nothing. */
  publish(raw: RawChannel, ...given: Parameters<RawChannel['publish']>): void {
    if (!publishing.hasSubscribers || !isWrapped(raw.publish)) raw.publish(...given)
    else {
      this.#say('warn', BOTH)
      // That of a confirm channel calls the one of a plain channel, which is wrapped too.
      unwrapped(inheritedPublish(raw)).call(raw, ...given)
    }
  }

  /** Consumes in the same way. Deliveries get an async context of their own, or the one that a tracer has made for them. */
  consume(
    raw: RawChannel,
    queue: string,
    onDelivery: (message: ReceivedMessage | undefined) => void,
    options: object,
  ): ReturnType<RawChannel['consume']> {
    const onMessage = (message: ReceivedMessage | null): void => {
      if (message === null || !this.#seeDelivery(raw)) inRootContext(onDelivery, message ?? undefined)
      else onDelivery(Object.assign(message, { context: new AsyncResource('leveret') }))
    }
    if (!publishing.hasSubscribers || !isWrapped(raw.consume)) return raw.consume(queue, onMessage, options)
    this.#say('warn', BOTH)
    return unwrapped(raw.consume).call(raw, queue, onMessage, options)
  }

  /**
   * The async context of the caller, for what is written later than it was sent.
   *
   * @returns `undefined` where nobody else traces, so that it matters to nobody
   */
  context(): AsyncResource | undefined {
    const mayWatch = this.#always || this.#prototype === undefined || isWatched(this.#prototype.publish)
    return mayWatch && !publishing.hasSubscribers ? new AsyncResource('leveret') : undefined
  }

  /** Whether a delivery comes in the context of a tracer of another library, in which its handler is to run. */
  #seeDelivery({ publish }: RawChannel): boolean {
    return (this.#always || isWatched(publish)) && !publishing.hasSubscribers
  }

  #say(level: 'info' | 'warn', message: string): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    this.#log.write(level, message)
  }
}

function isWrapped(method: unknown): boolean {
  return (method as Wrapper | undefined)?.__original !== undefined
}

function isWatched(publish: unknown): boolean {
  return isWrapped(publish) || datadog.hasSubscribers
}

function unwrapped<Method>(method: Method): Method {
  let inner = method
  while (isWrapped(inner)) inner = (inner as Wrapper).__original as Method
  return inner
}

/** That of the class which all channels extend. */
function inheritedPublish(raw: RawChannel): RawChannel['publish'] {
  let found: RawChannel['publish'] = raw.publish
  for (let each: RawChannel | null = raw; each !== null; each = Object.getPrototypeOf(each) as RawChannel | null) {
    if (Object.hasOwn(each, 'publish')) found = each.publish
  }
  return found
}
