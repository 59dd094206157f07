import type { Channel } from '../amqp/channel.js'
import { within } from '../async/timing.js'
import { decodePayload } from '../contract/payloads/payload.js'
import { validate } from '../contract/payloads/schema.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { type Issue, PayloadError } from '../errors/errors.js'
import { messageOf } from '../errors/message-of.js'
import { lineageOf } from '../headers/attempt-headers.js'
import { receivedHeaders } from '../message/field-table.js'
import type { ReceivedMessage } from '../message/message.js'
import { type LetterSource, letterSource } from './letter-source.js'
import { Unsettled } from './unsettled.js'

/** A contract whose queue can be tried. */
type Tried = WorkQueue | Subscription

/** What is wrong with how many messages. Holds no value of any. */
export interface RefusalReason {
  /** Where, with `*` for the places of an array: `lines.*.price`. Empty for the payload itself. */
  readonly path: string
  readonly message: string
  /** How many messages have it. */
  readonly count: number
}

/** What a contract would make of the messages in its queue. */
export interface DryRun {
  /** Messages that were read. Those that a consumer holds are not among them. */
  readonly read: number
  /** Those of them that a worker or subscriber of this contract would refuse. */
  readonly refused: number
  /** Why, the most frequent first, at most twenty. A message may have several. */
  readonly reasons: readonly RefusalReason[]
}

const MOST_REASONS = 20

/**
 * Reads messages one after the other, checks each, and gives all back in one command.
 *
 * @param limit - at most so many
 * @param timeoutMs - how long a schema may take for one
 */
export async function trialOn(channel: Channel, contract: Tried, limit: number, timeoutMs: number): Promise<DryRun> {
  const unsettled = new Unsettled(channel, contract.name)
  const source = letterSource(contract)
  const reasons = new Map<string, { path: string; message: string; count: number }>()
  let [read, refused] = [0, 0]
  try {
    while (read < limit) {
      const message = await channel.get(contract.name)
      if (message === undefined) break
      unsettled.hold(message)
      read += 1
      const issues = await issuesOf(() => check(message, contract, source), timeoutMs)
      if (issues.length > 0) refused += 1
      for (const { path, message: text } of named(issues)) {
        const reason = reasons.get(`${path} ${text}`) ?? { path, message: text, count: 0 }
        reasons.set(`${path} ${text}`, { ...reason, count: reason.count + 1 })
      }
    }
  } finally {
    // An answer says that the broker has read what was given back.
    if (unsettled.giveBackAll() && channel.isOpen) await channel.checkQueue(contract.name)
  }
  const sorted = [...reasons.values()].sort((one, other) => other.count - one.count)
  return { read, refused, reasons: sorted.slice(0, MOST_REASONS) }
}

/** @throws what a worker or subscriber of the contract would refuse the message with */
async function check(message: ReceivedMessage, contract: Tried, source: LetterSource): Promise<void> {
  const { content, properties } = message
  const { routingKey } = lineageOf(message, contract.retry)
  const found = source.find(routingKey)
  if (found !== undefined) {
    const exchange = contract.kind === 'subscription' ? contract.of : undefined
    if (exchange?.type === 'headers') {
      await validate(exchange.headers, receivedHeaders(properties), { direction: 'incoming', contract: exchange.name })
    }
    await decodePayload(found.contract, content, properties)
  } else if (contract.kind === 'subscription' && contract.onUnknown !== 'ignore') {
    throw new Error(`no template has the routing key '${routingKey}', or no binding key asks for it`)
  }
}

async function issuesOf(act: () => Promise<void>, timeoutMs: number): Promise<readonly Issue[]> {
  const late = (): Error => new Error(`the schema had no answer within ${timeoutMs} ms`)
  try {
    await within(timeoutMs, act(), late)
    return []
  } catch (error) {
    return error instanceof PayloadError ? error.issues : [{ path: [], message: messageOf(error) }]
  }
}

/** Each reason once a message: an array may have it in many places. */
function named(issues: readonly Issue[]): readonly { path: string; message: string }[] {
  const all = issues.map(({ path, message }) => {
    return { path: path.map((step) => (typeof step === 'number' ? '*' : step)).join('.'), message }
  })
  return all.filter(({ path, message }, index) => {
    return all.findIndex((other) => other.path === path && other.message === message) === index
  })
}
