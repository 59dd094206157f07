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
  readonly ack: unknown
}

/** A wrapper made by shimmer, which most instrumentations use: it keeps the wrapped function. */
interface Wrapper {
  readonly __original?: unknown
}

const datadog = channel('apm:amqplib:publish:start')

const SLOWER =
  'another library traces the publishes of amqplib, so leveret writes every message through amqplib to keep those traces complete. ' +
  'That takes more CPU; @leveret/opentelemetry traces leveret itself'
const BOTH =
  'the amqplib instrumentation is on beside @leveret/opentelemetry. leveret bypasses it, so that no message is traced twice; ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=amqplib disables it'

/**
 * Decides what tracers of other libraries see that watch the functions of amqplib. They see all messages, unless
 * `tracing:leveret:publish` has a subscriber; then they see none.
 */
export class OtherTracers {
  readonly #always: boolean
  readonly #log: Pick<Log, 'write'>
  readonly #said = new Set<string>()
  /** The prototype of amqplib's channels; known from the first publish on. */
  #prototype: Partial<RawChannel> | undefined

  /**
   * @param frames - the code that writes messages; `amqplib` means always, even if no tracer is detected
   * @param log - receives each sentence once
   */
  constructor(frames: 'leveret' | 'amqplib', log: Pick<Log, 'write'>) {
    this.#always = frames === 'amqplib'
    this.#log = log
  }

  /** Whether messages must be written by amqplib's own function. */
  seePublish(raw: RawChannel): boolean {
    this.#prototype ??= Object.getPrototypeOf(raw) as Partial<RawChannel>
    if (this.#always) return true
    if ((raw.publish as Wrapper).__original === undefined && !datadog.hasSubscribers) return false
    if (publishing.hasSubscribers) return false
    this.#say('info', SLOWER)
    return true
  }

  /** Whether acks must be written by amqplib's own function: a tracer ends the span of a delivery with its ack. */
  seeAck({ ack }: RawChannel): boolean {
    return this.#always || (ack as Wrapper).__original !== undefined || datadog.hasSubscribers
  }

  /** Publishes with amqplib's function. If other tracers must see nothing, their wrappers are bypassed. */
  publish(raw: RawChannel, ...given: Parameters<RawChannel['publish']>): void {
    if (!publishing.hasSubscribers || !isWrapped(raw.publish)) raw.publish(...given)
    else {
      this.#say('warn', BOTH)
      // The `publish` of a confirm channel calls that of a plain channel, which is wrapped too.
      unwrapped(inheritedPublish(raw)).call(raw, ...given)
    }
  }

  /** Consumes in the same way. Each delivery runs in an async context of its own, or in the one of a tracer. */
  consume(
    raw: RawChannel,
    queue: string,
    onDelivery: (message: ReceivedMessage | undefined) => void,
    options: object,
  ): ReturnType<RawChannel['consume']> {
    const onMessage = (message: ReceivedMessage | null): void => {
      // A delivery that another library traces comes in the context of its span, in which its handler must run.
      const isWatched = this.#always || (raw.publish as Wrapper).__original !== undefined || datadog.hasSubscribers
      if (message !== null && isWatched && !publishing.hasSubscribers)
        onDelivery(Object.assign(message, { context: new AsyncResource('leveret') }))
      else inRootContext(onDelivery, message ?? undefined)
    }
    if (!publishing.hasSubscribers || !isWrapped(raw.consume)) return raw.consume(queue, onMessage, options)
    this.#say('warn', BOTH)
    return unwrapped(raw.consume).call(raw, queue, onMessage, options)
  }

  /**
   * Returns the async context of the caller, for a message that is written later than it was sent.
   *
   * @returns `undefined` if no other tracer may need it
   */
  context(): AsyncResource | undefined {
    const publish = this.#prototype?.publish as Wrapper | undefined
    const isKnown = publish !== undefined && !this.#always
    if (isKnown && publish.__original === undefined && !datadog.hasSubscribers) return undefined
    return publishing.hasSubscribers ? undefined : new AsyncResource('leveret')
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

function unwrapped<Method>(method: Method): Method {
  let inner = method
  while (isWrapped(inner)) inner = (inner as Wrapper).__original as Method
  return inner
}

/** Returns the `publish` of the class that all channels extend. */
function inheritedPublish(raw: RawChannel): RawChannel['publish'] {
  let found: RawChannel['publish'] = raw.publish
  for (let each: RawChannel | null = raw; each !== null; each = Object.getPrototypeOf(each) as RawChannel | null) {
    if (Object.hasOwn(each, 'publish')) found = each.publish
  }
  return found
}
