import type { Message } from '@leveret/memory-broker'
import type { EventQueueContract, LetterContract, OutputOf, QueueContract, SentEvent } from './contracts.js'
import { readEvent, readTask } from './reading.js'

/** A dead letter, in the form that a test compares. */
export interface TestLetter<Payload = unknown> {
  readonly messageId: string | undefined
  /** The reason: leveret's word, such as `rejected` or `attempts-exhausted`, or RabbitMQ's, such as `expired`. */
  readonly reason: string | undefined
  /** The error of the last attempt; `undefined` if RabbitMQ itself dead-lettered the message. */
  readonly error: { readonly name: string; readonly message: string } | undefined
  /** The routing key under which the message was published. */
  readonly routingKey: string
  /** The payload; `undefined` if it does not fit the contract, as with the reason `invalid-payload`. */
  readonly payload: Payload | undefined
}

/** A dead letter of an exchange with templates: a union that `template` discriminates. */
export type EventLetter<Event> = Event extends { readonly template: infer Template; readonly payload: infer Payload }
  ? TestLetter<Payload> & { readonly template: Template }
  : Event extends { readonly payload: infer Payload }
    ? TestLetter<Payload>
    : never

/**
 * A dead letter of a contract. For an exchange with templates it is a union of one type for each template, and one for
 * a letter whose routing key no template has.
 */
export type TestLetterOf<C extends LetterContract> = C extends QueueContract
  ? TestLetter<OutputOf<C['payload']>>
  : C extends EventQueueContract
    ? EventLetter<SentEvent<C['of']>> | (TestLetter<undefined> & { readonly template?: undefined })
    : never

/** Notes of leveret and RabbitMQ in the headers of a dead letter. */
interface LetterNotes {
  /** The queue in which it died; `undefined` if no header names it. */
  readonly queue: string | undefined
  readonly reason: string | undefined
  readonly error: TestLetter['error']
  readonly routingKey: string
}

/** Reads the dead letters of a contract. Letters of other contracts in the same queue are left out. */
export async function readLetters<C extends LetterContract>(
  contract: C,
  messages: readonly Message[],
): Promise<TestLetterOf<C>[]> {
  const noted = messages.map((message) => ({ message, notes: readNotes(message) }))
  const own = noted.filter(({ notes: { queue } }) => queue === undefined || queue === contract.name)
  return await Promise.all(own.map(({ message, notes }) => readLetter(contract, message, notes)))
}

async function readLetter<C extends LetterContract>(
  contract: C,
  message: Message,
  { reason, error, routingKey }: LetterNotes,
): Promise<TestLetterOf<C>> {
  const content = await readContent(contract, message, routingKey).catch(() => ({ payload: undefined }))
  const { messageId } = message.properties
  // The value has the type of its contract, because that contract's reader made it.
  return { messageId, reason, error, routingKey, ...content } as TestLetterOf<C>
}

async function readContent(contract: LetterContract, message: Message, routingKey: string): Promise<object> {
  if (contract.kind === 'work-queue') return { payload: await readTask(contract, message) }
  const { headers: _headers, ...event } = { headers: undefined, ...(await readEvent(contract.of, message, routingKey)) }
  return event
}

function readNotes(message: Message): LetterNotes {
  const {
    'leveret-queue': queue,
    'leveret-reason': reason,
    'leveret-error-name': name,
    'leveret-error-message': text,
    'leveret-routing-key': routingKey,
    'x-death': deaths,
  } = message.headers.toObject()
  const latest = Array.isArray(deaths) ? (deaths[0] as Death) : undefined
  const keys = latest?.['routing-keys']
  return {
    queue: textOf(queue) ?? textOf(latest?.queue),
    reason: textOf(reason) ?? textOf(latest?.reason),
    error: typeof name === 'string' && typeof text === 'string' ? { name, message: text } : undefined,
    routingKey: textOf(routingKey) ?? textOf(Array.isArray(keys) ? keys[0] : undefined) ?? message.routingKey,
  }
}

/** An entry of `x-death`, before its fields are checked. */
interface Death {
  readonly reason?: unknown
  readonly queue?: unknown
  readonly 'routing-keys'?: unknown
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
