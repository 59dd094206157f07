import type { Channel } from '../amqp/channel.js'
import { within } from '../async/timing.js'
import { shortened } from '../contract/payloads/issues.js'
import { decodePayload } from '../contract/payloads/payload.js'
import { validate } from '../contract/payloads/schema.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { Issue } from '../errors/issue.js'
import { messageOf } from '../errors/message-of.js'
import { PayloadError } from '../errors/payload-error.js'
import { readOrigin } from '../headers/attempt-headers.js'
import { receivedHeaders } from '../message/field-table.js'
import type { ReceivedMessage } from '../message/message.js'
import { type LetterSource, letterSource } from './letter-source.js'
import { Unsettled } from './unsettled.js'

/** A contract whose queue {@link trialOn} can read. */
type Tried = WorkQueue | Subscription

/**
 * A reason for which messages would be refused. Of a message it contains what a validation error contains: keys of the
 * payload in the path, and no value unless a sentence that you have written for the schema quotes one.
 */
export interface RefusalReason {
  /**
   * Path in the payload, with `*` for array indexes: `lines.*.price`. Empty for the payload itself. At most 50 steps.
   */
  readonly path: string
  /** The schema's own sentence, at most 500 characters of it. */
  readonly message: string
  /** How many messages have this problem. */
  readonly count: number
}

/** The result of checking the messages of a queue against a contract. */
export interface DryRun {
  /** How many messages were read. Messages that a consumer holds are not among them. */
  readonly read: number
  /** How many of the messages that were read a worker or subscriber of this contract would refuse. */
  readonly refused: number
  /** The reasons, the most frequent first, at most twenty. A message may have several. */
  readonly reasons: readonly RefusalReason[]
}

const MOST_REASONS = 20

/**
 * Reads messages one after the other with `basic.get`, checks each, and gives all of them back with one `basic.nack`.
 *
 * @param limit - the most messages to read
 * @param timeoutMs - the most time that a schema may take for one message
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
      for (const { path, message: text } of named(shortened(issues))) {
        const reason = reasons.get(`${path} ${text}`) ?? { path, message: text, count: 0 }
        reasons.set(`${path} ${text}`, { ...reason, count: reason.count + 1 })
      }
    }
  } finally {
    // The reply proves that the broker has processed the basic.nack before it.
    if (unsettled.giveBackAll() && channel.isOpen) await channel.checkQueue(contract.name)
  }
  const sorted = [...reasons.values()].sort((one, other) => other.count - one.count)
  return { read, refused, reasons: sorted.slice(0, MOST_REASONS) }
}

/** @throws the error with which a worker or subscriber of the contract would refuse the message */
async function check(message: ReceivedMessage, contract: Tried, source: LetterSource): Promise<void> {
  const { content, properties } = message
  const { routingKey } = readOrigin(message)
  const found = source.find(routingKey)
  if (found !== undefined) {
    const exchange = contract.kind === 'subscription' ? contract.of : undefined
    if (exchange?.type === 'headers') {
      await validate({ name: exchange.name, payload: exchange.headers }, receivedHeaders(properties), 'incoming')
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

/** Names each reason once per message, although it may occur at many places of an array. */
function named(issues: readonly Issue[]): readonly { path: string; message: string }[] {
  const all = issues.map(({ path, message }) => {
    return { path: path.map((step) => (typeof step === 'number' ? '*' : step)).join('.'), message }
  })
  return all.filter(({ path, message }, index) => {
    return all.findIndex((other) => other.path === path && other.message === message) === index
  })
}
