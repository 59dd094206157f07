import type { Arguments } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import type { Table } from '../lab.js'

const list = new CaseList('arguments of queues')
/** Cases about the declaration of queues. */
export const declarations = list.cases

interface Declaration {
  readonly args?: Table
  readonly durable?: boolean
  readonly exclusive?: boolean
  readonly autoDelete?: boolean
}

const quorum = { 'x-queue-type': 'quorum' }
const stream = { 'x-queue-type': 'stream' }
const invalid = 'PRECONDITION_FAILED - invalid'
const q = "for queue 'q' in vhost '<vhost>'"

const tableOf = ({ args = {} }: Declaration): Table => args

function optionsOf({
  durable = true,
  exclusive = false,
  autoDelete = false,
}: Declaration): Partial<Arguments<'queue.declare'>> {
  return { durable, exclusive, autoDelete }
}

/** Adds a case of one declaration. */
function once(name: string, declaration: Declaration, expected: string | readonly [string, string, string]): void {
  const run: Parameters<typeof list.same>[2] = async (lab) =>
    lab.outcome(lab.declare(await lab.channel(), 'q', tableOf(declaration), optionsOf(declaration)))
  if (typeof expected === 'string') list.same(name, expected, run)
  else list.differs(name, expected, run)
}

/** Adds a case of two declarations of one queue. */
function twice(
  name: string,
  [first, second]: [Declaration, Declaration],
  expected: string | readonly [string, string, string],
): void {
  const run: Parameters<typeof list.same>[2] = async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q', tableOf(first), optionsOf(first))
    return lab.outcome(lab.declare(channel, 'q', tableOf(second), optionsOf(second)))
  }
  if (typeof expected === 'string') list.same(name, expected, run)
  else list.differs(name, expected, run)
}

once('takes a classic queue', {}, 'ok')
once('takes a quorum queue', { args: quorum }, 'ok')
once('takes a stream', { args: stream }, 'ok')
once('takes an argument that it does not know', { args: { 'x-foo': 1 } }, 'ok')
once(
  'refuses a type that there is not',
  { args: { 'x-queue-type': 'foo' } },
  `${invalid} arg 'x-queue-type' ${q}: "unsupported queue type 'foo'"`,
)
once(
  'refuses a type that is a number',
  { args: { 'x-queue-type': 5 } },
  `${invalid} arg 'x-queue-type' ${q}: {unacceptable_type,signedint}`,
)
once(
  'refuses a negative TTL',
  { args: { 'x-message-ttl': -1 } },
  `${invalid} arg 'x-message-ttl' ${q}: {value_negative,-1}`,
)
once(
  'refuses a TTL that is text',
  { args: { 'x-message-ttl': 'a' } },
  `${invalid} arg 'x-message-ttl' ${q}: "expected integer, got longstr"`,
)
once(
  'refuses a TTL that is no whole number',
  { args: { 'x-message-ttl': 1.5 } },
  `${invalid} arg 'x-message-ttl' ${q}: "expected integer, got double"`,
)
once('takes a TTL of 0', { args: { 'x-message-ttl': 0 } }, 'ok')
once('refuses an expiry of 0', { args: { 'x-expires': 0 } }, `${invalid} arg 'x-expires' ${q}: {value_zero,0}`)
once(
  'refuses a negative length',
  { args: { 'x-max-length': -1 } },
  `${invalid} arg 'x-max-length' ${q}: {value_negative,-1}`,
)
once(
  'refuses more than 255 priorities',
  { args: { 'x-max-priority': 256 } },
  `${invalid} arg 'x-max-priority' ${q}: {max_value_exceeded,256}`,
)
once(
  'refuses an overflow that there is not',
  { args: { 'x-overflow': 'foo' } },
  `${invalid} arg 'x-overflow' ${q}: invalid_overflow`,
)
once(
  'refuses a key for dead letters without an exchange',
  { args: { 'x-dead-letter-routing-key': 'k' } },
  `${invalid} arg 'x-dead-letter-routing-key' ${q}: routing_key_but_no_dlx_defined`,
)
once(
  'refuses an exchange for dead letters that is a number',
  { args: { 'x-dead-letter-exchange': 5 } },
  "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '<vhost>'",
)
once(
  'refuses a single active consumer that is text',
  { args: { 'x-single-active-consumer': 'yes' } },
  `${invalid} arg 'x-single-active-consumer' ${q}: {unacceptable_type,longstr}`,
)
once(
  'refuses priorities of a quorum queue',
  { args: { ...quorum, 'x-max-priority': 5 } },
  `${invalid} arg 'x-max-priority' ${q} of queue type rabbit_quorum_queue`,
)
once(
  'refuses a delivery limit of a classic queue',
  { args: { 'x-delivery-limit': 5 } },
  `${invalid} arg 'x-delivery-limit' ${q} of queue type rabbit_classic_queue`,
)
once(
  'refuses a strategy for dead letters of a classic queue',
  { args: { 'x-dead-letter-strategy': 'at-least-once' } },
  `${invalid} arg 'x-dead-letter-strategy' ${q} of queue type rabbit_classic_queue`,
)
once(
  'refuses a strategy for dead letters that there is not',
  { args: { ...quorum, 'x-dead-letter-strategy': 'foo' } },
  `${invalid} arg 'x-dead-letter-strategy' ${q}: invalid_dlx_strategy`,
)
once('takes a negative delivery limit', { args: { ...quorum, 'x-delivery-limit': -1 } }, 'ok')
once('takes a lazy classic queue', { args: { 'x-queue-mode': 'lazy' } }, 'ok')
once(
  'refuses a lazy quorum queue',
  { args: { ...quorum, 'x-queue-mode': 'lazy' } },
  `${invalid} arg 'x-queue-mode' ${q} of queue type rabbit_quorum_queue`,
)
once(
  'refuses a TTL of a stream',
  { args: { ...stream, 'x-message-ttl': 5 } },
  `${invalid} arg 'x-message-ttl' ${q} of queue type rabbit_stream_queue`,
)
once(
  'refuses a length of a stream in messages',
  { args: { ...stream, 'x-max-length': 5 } },
  `${invalid} arg 'x-max-length' ${q} of queue type rabbit_stream_queue`,
)
once(
  'refuses an invalid age',
  { args: { ...stream, 'x-max-age': '5X' } },
  `${invalid} arg 'x-max-age' ${q}: invalid_max_age`,
)
once(
  'refuses an age of a classic queue',
  { args: { 'x-max-age': '5D' } },
  `${invalid} arg 'x-max-age' ${q} of queue type rabbit_classic_queue`,
)
once(
  'refuses a place for a leader that there is not',
  { args: { ...quorum, 'x-queue-leader-locator': 'foo' } },
  `${invalid} arg 'x-queue-leader-locator' ${q}: invalid_queue_locator_arg`,
)
once(
  'refuses an exclusive quorum queue',
  { args: quorum, exclusive: true },
  `${invalid} property 'exclusive-owner' ${q}`,
)
once('refuses an exclusive stream', { args: stream, exclusive: true }, `${invalid} property 'exclusive-owner' ${q}`)
once(
  'refuses an auto-delete quorum queue',
  { args: quorum, autoDelete: true },
  `${invalid} property 'auto-delete' ${q}`,
)
once('takes a consumer timeout of a quorum queue', { args: { ...quorum, 'x-consumer-timeout': 60_000 } }, 'ok')
once('takes a consumer timeout of a classic queue until 4.3', { args: { 'x-consumer-timeout': 60_000 } }, [
  'ok',
  'ok',
  `${invalid} arg 'x-consumer-timeout' ${q} of queue type rabbit_classic_queue`,
])
once(
  'takes native retry of a classic queue, which it ignores, until 4.3',
  { args: { 'x-delayed-retry-type': 'failed' } },
  ['ok', 'ok', `${invalid} arg 'x-delayed-retry-type' ${q} of queue type rabbit_classic_queue`],
)

twice('takes the same declaration again', [{ args: { 'x-message-ttl': 5 } }, { args: { 'x-message-ttl': 5 } }], 'ok')
twice('takes an unknown argument that differs', [{ args: { 'x-foo': 1 } }, { args: { 'x-foo': 2 } }], 'ok')
twice('takes a classic type for none', [{}, { args: { 'x-queue-type': 'classic' } }], 'ok')
twice(
  'refuses another TTL',
  [{ args: { 'x-message-ttl': 5 } }, { args: { 'x-message-ttl': 6 } }],
  `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' ${q}: received '6' but current is '5'`,
)
twice(
  'refuses a missing TTL',
  [{ args: { 'x-message-ttl': 5 } }, {}],
  `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' ${q}: received none but current is the value '5' of type 'signedint'`,
)
twice(
  'refuses a TTL that was not there',
  [{}, { args: { 'x-message-ttl': 5 } }],
  `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' ${q}: received the value '5' of type 'signedint' but current is none`,
)
twice('takes a second declaration with an argument of other types', [{}, { args: { 'x-delivery-limit': 3 } }], 'ok')
twice(
  'refuses another durability',
  [{}, { durable: false }],
  `PRECONDITION_FAILED - inequivalent arg 'durable' ${q}: received 'false' but current is 'true'`,
)
twice(
  'refuses another auto-delete',
  [{}, { autoDelete: true }],
  `PRECONDITION_FAILED - inequivalent arg 'auto_delete' ${q}: received 'true' but current is 'false'`,
)
twice(
  'refuses another type',
  [{}, { args: quorum }],
  [
    `PRECONDITION_FAILED - inequivalent arg 'x-queue-type' ${q}: received the value 'quorum' of type 'longstr' but current is none`,
    `PRECONDITION_FAILED - inequivalent arg 'x-queue-type' ${q}: received 'quorum' but current is 'classic'`,
    `PRECONDITION_FAILED - inequivalent arg 'x-queue-type' ${q}: received 'quorum' but current is 'classic'`,
  ],
)
const locked =
  "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '<vhost>'. It could be originally declared " +
  'on another connection or the exclusive property value does not match that of the original declaration.'
twice('refuses to make a queue exclusive later', [{}, { exclusive: true }], locked)
twice('refuses to make an exclusive queue common', [{ exclusive: true }, {}], locked)
twice(
  'names the dead-letter exchange before the TTL where both differ (quorum)',
  [{ args: quorum }, { args: { ...quorum, 'x-message-ttl': 30, 'x-dead-letter-exchange': 'e' } }],
  `PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' ${q}: received the value 'e' of type 'longstr' but current is none`,
)
twice(
  'names the TTL before the dead-letter exchange where both differ (classic)',
  [{}, { args: { 'x-message-ttl': 30, 'x-dead-letter-exchange': 'e' } }],
  `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' ${q}: received the value '30' of type 'signedint' but current is none`,
)
twice(
  'says what differs without types where both have a value',
  [{ args: { 'x-max-length': 2 } }, { args: { 'x-max-length': 'many' } }],
  `PRECONDITION_FAILED - inequivalent arg 'x-max-length' ${q}: received 'many' but current is '2'`,
)
