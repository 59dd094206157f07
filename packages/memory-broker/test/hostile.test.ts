import { once } from 'node:events'
import { connect } from 'node:net'
import { Random, RawConnection } from '@leveret/conformance'
import { type MemoryBroker, startMemoryBroker } from '@leveret/memory-broker'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')
const SEED = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** A frame whose payload may be anything. */
function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7)
  head.writeUInt8(type)
  head.writeUInt16BE(channel, 1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)))
}

/** A method of a class and a number that may exist, with arguments that are noise. */
function noisyMethod(random: Random): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt16BE(random.pick([10, 20, 30, 40, 50, 60, 85, 90]))
  payload.writeUInt16BE(random.pick([10, 11, 20, 21, 30, 31, 40, 50, 51, 60, 70, 80, 90, 100, 110, 120]), 2)
  return Buffer.concat([payload, bytes(random, random.below(40))])
}

describe(`a hostile client (LEVERET_SEED=${SEED})`, () => {
  let broker: MemoryBroker
  beforeEach(async () => {
    broker = await startMemoryBroker({ memoryLimitBytes: 8 * 1024 * 1024 })
  })
  afterEach(() => broker.close())

  /** Whether somebody else is served as before. */
  async function expectAlive(): Promise<void> {
    const connection = await RawConnection.open(broker.url)
    const channel = await connection.channel()
    await channel.call('queue.declare', { queue: 'alive', durable: true })
    await connection.close()
    expect(broker.log.entries.filter(({ kind }) => kind === 'fault')).toEqual([])
    // An unforeseen case would be reported as an internal error, with the words of JavaScript.
    expect(broker.log.toString()).not.toMatch(/TypeError|RangeError|ReferenceError/)
  }

  test('that sends noise instead of a protocol is shown which one it is', async () => {
    const random = new Random(SEED)
    for (let round = 0; round < 50; round += 1) {
      const socket = connect(Number(new URL(broker.url).port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(Buffer.concat([Buffer.from('X'), bytes(random, 20 + random.below(200))]))
      const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')])
      if (Buffer.isBuffer(answer)) expect(answer).toEqual(PROTOCOL_HEADER)
      socket.destroy()
    }
    await expectAlive()
  })

  test('whose frames are noise loses its connection, and no other client does', async () => {
    const random = new Random(SEED + 1)
    for (let round = 0; round < 150; round += 1) {
      const connection = await RawConnection.open(broker.url)
      await connection.channel(1)
      for (let index = 0; index < 8; index += 1) {
        const type = random.pick([1, 1, 1, 2, 3, 8, 0, 255])
        const payload = type === 1 ? noisyMethod(random) : bytes(random, random.below(60))
        connection.write(frame(type, random.pick([0, 1, 1, 1, 2, 65_535]), payload))
      }
      if (random.oneIn(3)) connection.write(bytes(random, 30))
      connection.drop()
    }
    await expectAlive()
  })

  test('that claims a frame of four gigabytes is refused before it sends it', async () => {
    const connection = await RawConnection.open(broker.url)
    const head = Buffer.alloc(7)
    head.writeUInt8(1)
    head.writeUInt32BE(0xffff_ffff, 3)
    connection.write(head)
    expect(await connection.untilClosed()).toContain('frame_too_large')
    await expectAlive()
  })

  test('that publishes more than there is room for is blocked, and what there is stays bounded', async () => {
    const connection = await RawConnection.open(broker.url)
    const channel = await connection.channel()
    await channel.call('queue.declare', { queue: 'full', durable: true })
    for (let index = 0; index < 64; index += 1) channel.publish({ routingKey: 'full' }, Buffer.alloc(1024 * 1024))
    expect(await connection.control('connection.blocked')).toEqual({ reason: 'low on memory' })
    await broker.settled()
    expect(broker.messages('full').length).toBeLessThanOrEqual(10)
    connection.drop()
    await expectAlive()
  })

  test('that does not read what it consumes leaves the rest in its queue', async () => {
    await using roomy = await startMemoryBroker()
    const [slow, publisher] = [await RawConnection.open(roomy.url), await RawConnection.open(roomy.url)]
    const [consuming, publishing] = [await slow.channel(), await publisher.channel()]
    await consuming.call('queue.declare', { queue: 'slow', durable: true })
    await consuming.call('basic.consume', { queue: 'slow', noAck: true })
    slow.stopReading()
    for (let index = 0; index < 64; index += 1) publishing.publish({ routingKey: 'slow' }, Buffer.alloc(1024 * 1024))
    await publishing.call('basic.qos', {})
    expect(roomy.messages('slow').length).toBeGreaterThan(32)
    slow.drop()
    publisher.drop()
  })

  test('whose tables are nested thousands of levels deep is served like others', async () => {
    const connection = await RawConnection.open(broker.url)
    const channel = await connection.channel()
    await channel.call('queue.declare', { queue: 'deep', durable: true })
    let value = Buffer.from('V')
    for (let level = 0; level < 10_000; level += 1) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(value.length)
      value = Buffer.concat([Buffer.from('A'), length, value])
    }
    const table = Buffer.concat([Buffer.from([1]), Buffer.from('a'), value])
    const size = Buffer.alloc(4)
    size.writeUInt32BE(table.length)
    const header = Buffer.concat([Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0]), size, table])
    channel.send('basic.publish', { routingKey: 'deep' })
    channel.raw(2, header)
    await channel.call('basic.qos', {})
    const answer = await channel.call('basic.get', { queue: 'deep', noAck: true })
    expect(answer.method.name).toBe('basic.get-ok')
    connection.drop()
    await expectAlive()
  })
})
