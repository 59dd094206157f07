import { selfSigned } from '@leveret/certificates'
import { describe, expect } from 'vitest'
import { type Connection, connect, type LeveretError } from '../../src/index.js'
import {
  connectionClose,
  type FakeBroker,
  fakeBroker,
  frameOf,
  method,
  openOk,
  type Said,
} from '../support/fake-broker.js'
import { runProgram } from '../support/program.js'
import { Random } from '../support/random.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const random = new Random(7)

/** What may come in one read with `connection.open-ok`. */
const AFTER_OPEN_OK: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['connection.close 541', connectionClose(541, 'INTERNAL_ERROR')],
  ['connection.close 530', connectionClose(530, 'NOT_ALLOWED - vhost is going')],
  ['connection.close 504', connectionClose(504, 'CHANNEL_ERROR - second open')],
  ['connection.close 320', connectionClose(320, 'CONNECTION_FORCED - bye')],
  ['a delivery on a channel that is not open', method(7, [60, 60], Buffer.alloc(16))],
  ['a body on a channel that is not open', frameOf(3, 9, Buffer.from('x'))],
  ['a second open-ok', openOk],
  ['a method that there is not', method(0, [255, 255])],
  ['a frame of no type', frameOf(9, 0, Buffer.from([1, 2, 3, 4]))],
  ['a frame without its end', Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 50, 0])],
  ['a frame of 4 GiB', Buffer.from([1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0])],
  ['an empty method', frameOf(1, 0, Buffer.alloc(0))],
  ['random bytes', random.bytes(4_096)],
]

/** What may come in one read with an earlier step. */
const EARLIER: readonly (readonly [what: string, said: Said])[] = [
  ['start, and random bytes', { with: 'start', bytes: random.bytes(512) }],
  ['start, and connection.close', { with: 'start', bytes: connectionClose(541, 'INTERNAL_ERROR') }],
  ['start, and open-ok', { with: 'start', bytes: openOk }],
  ['tune, and random bytes', { with: 'tune', bytes: random.bytes(512) }],
  ['tune, and connection.close', { with: 'tune', bytes: connectionClose(541, 'INTERNAL_ERROR') }],
  ['tune, and a frame on a channel', { with: 'tune', bytes: method(7, [60, 60], Buffer.alloc(16)) }],
]

/** Why the first link was lost, or did not come about. */
async function firstTrouble(rabbit: Connection): Promise<LeveretError> {
  return await new Promise((resolve) => {
    rabbit.on('disconnected', ({ reason }) => resolve(reason))
    rabbit.on('connect-failed', ({ reason }) => resolve(reason))
  })
}

async function troubleWith({ url, open }: FakeBroker): Promise<LeveretError> {
  const settings = { connectTimeoutMs: 400, startupTimeoutMs: Number.POSITIVE_INFINITY }
  const rabbit = await connect(url, { ...settings, tls: { rejectUnauthorized: false } })
  const trouble = await firstTrouble(rabbit)
  await rabbit.close({ timeoutMs: 1_000 })
  await eventually(() => expect(open).toEqual(new Set()))
  return trouble
}

describe('a server that says in the same write as connection.open-ok', () => {
  test.for(AFTER_OPEN_OK)('%s loses its link, and ends nothing else', async ([_what, bytes]) => {
    const trouble = await troubleWith(await fakeBroker({ with: 'open-ok', bytes }))
    expect(trouble).toMatchObject({ name: expect.stringMatching(/^(Connection|Broker)Error$/), retryable: true })
  })

  test.for(AFTER_OPEN_OK)('%s, over TLS, loses its link, and ends nothing else', async ([_what, bytes]) => {
    const secure = await selfSigned({ commonName: 'broker.test', purpose: 'server' })
    const trouble = await troubleWith(await fakeBroker({ with: 'open-ok', bytes }, secure))
    expect(trouble).toMatchObject({ name: expect.stringMatching(/^(Connection|Broker)Error$/), retryable: true })
  })

  test('why it closes the connection is heard', async () => {
    const broker = await fakeBroker({ with: 'open-ok', bytes: connectionClose(541, 'INTERNAL_ERROR - no disk') })
    expect(await troubleWith(broker)).toMatchObject({ name: 'BrokerError', replyCode: 541, replyText: 'no disk' })
  })
})

describe('a server that says at once', () => {
  test.for(EARLIER)('%s, has refused a connection, and ends nothing else', async ([_what, said]) => {
    const trouble = await troubleWith(await fakeBroker(said))
    expect(trouble).toMatchObject({ name: 'ConnectionError', reason: expect.stringMatching(/protocol|unreachable/) })
  })
})

/** Ways in which amqplib gives a link up of which the other side knows nothing, or which it does not close. */
const GIVEN_UP: readonly (readonly [why: string, bytes: Buffer])[] = [
  ['the broker has said that it closes', connectionClose(320, 'CONNECTION_FORCED - bye')],
  ['it cannot read a frame', Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 50, 0])],
  ['it cannot place a frame', openOk],
  ['it has heard nothing for two heartbeats', Buffer.alloc(0)],
]

describe('a socket that amqplib has given up', () => {
  test.for(GIVEN_UP)('because %s is destroyed, and the process ends by itself after close', async ([_why, bytes]) => {
    const { url, open } = await fakeBroker({ with: 'open-ok', bytes })
    const body = `const rabbit = await connect(url, { startupTimeoutMs: Infinity })
      await new Promise((resolve) => rabbit.on('disconnected', resolve))
      console.log('lost')
      await rabbit.close({ timeoutMs: 1_000 })
      console.log('closed')`
    expect(await runProgram(url, body)).toEqual({ lines: ['lost', 'closed'], stderr: '', code: 0 })
    await eventually(() => expect(open).toEqual(new Set()))
  })

  test.for(GIVEN_UP)('because %s is destroyed while the connection lives on', async ([_why, bytes]) => {
    const { url, open } = await fakeBroker({ with: 'open-ok', bytes })
    const rabbit = await connect(url, { startupTimeoutMs: Number.POSITIVE_INFINITY })
    for (let losses = 0; losses < 3; losses += 1) await firstTrouble(rabbit)
    await eventually(() => expect(open.size).toBeLessThan(2))
    await rabbit.close({ timeoutMs: 1_000 })
  })
})
