import { describe, expect, test } from 'vitest'
import { Fifo } from '../../src/collections/fifo.js'
import { QueuedMessages, SenderShare } from '../../src/connection/queued-messages.js'
import { newMessageId } from '../../src/message/message-id.js'
import { ConfirmWindow } from '../../src/publishing/engine/confirm-window.js'
import { Publication } from '../../src/publishing/engine/publication.js'
import { SenderLine, Turns } from '../../src/publishing/engine/turns.js'

describe('a queue in memory', () => {
  test('keeps its order through more than it holds at once', () => {
    const fifo = new Fifo<number>()
    const out: number[] = []
    for (let number = 0; number < 10_000; number += 1) {
      fifo.push(number)
      if (number % 3 === 0) continue
      out.push(fifo.peek() ?? -1)
      fifo.shift()
    }
    out.push(...fifo)
    expect(out).toEqual(Array.from({ length: 10_000 }, (_, number) => number))
  })

  test('can be sieved and emptied', () => {
    const fifo = new Fifo<number>()
    for (const number of [1, 2, 3, 4]) fifo.push(number)
    fifo.shift()
    fifo.retain((number) => number !== 3)
    expect([...fifo]).toEqual([2, 4])
    expect(fifo.drain()).toEqual([2, 4])
    expect(fifo.peek()).toBeUndefined()
  })
})

describe('the turns of those who send', () => {
  test('go round among the lines, and keep the order in each', () => {
    const turns = new Turns<string>()
    const [a, b, c] = [new SenderLine(), new SenderLine(), new SenderLine()]
    for (const item of ['a1', 'a2', 'a3', 'a4']) turns.push(a, item)
    turns.push(b, 'b1')
    for (const item of ['c1', 'c2']) turns.push(c, item)
    const out: string[] = []
    for (let next = turns.peek(); next !== undefined; next = turns.peek()) {
      turns.shift()
      out.push(next)
      if (next === 'a2') turns.push(b, 'b2')
      if (next === 'c2') turns.unshift(a, 'a0')
    }
    expect(out).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a0', 'b2', 'a3', 'a4'])
  })

  test('can be sieved and emptied', () => {
    const turns = new Turns<number>()
    const [odd, even] = [new SenderLine(), new SenderLine()]
    for (const number of [1, 2, 3, 4, 5]) turns.push(number % 2 === 0 ? even : odd, number)
    turns.retain((number) => number !== 1 && number !== 2 && number !== 4)
    turns.push(even, 6)
    expect([...turns].sort()).toEqual([3, 5, 6])
    expect(turns.drain().sort()).toEqual([3, 5, 6])
    expect(turns.peek()).toBeUndefined()
    turns.push(odd, 7)
    expect(turns.peek()).toBe(7)
  })
})

describe('the room for what waits', () => {
  test('refuses the one who fills it, and not those who have less than their share, up to twice the bounds', () => {
    const room = new QueuedMessages({ maxQueued: 10, maxQueuedBytes: 1_000_000 })
    const [greedy, modest] = [new SenderShare(), new SenderShare()]
    for (let count = 0; count < 10; count += 1) {
      expect(room.refusal(greedy, 1)).toBeUndefined()
      room.enter(greedy, 1)
    }
    expect(room.refusal(greedy, 1)).toContain('maxQueued')
    let taken = 0
    for (; room.refusal(modest, 1) === undefined; taken += 1) room.enter(modest, 1)
    expect(taken).toBe(5)
    for (let crowd = 0; crowd < 100; crowd += 1) {
      const share = new SenderShare()
      if (room.refusal(share, 1) === undefined) room.enter(share, 1)
    }
    expect(room.refusal(new SenderShare(), 1)).toContain('maxQueued')
  })

  test('has a place for one message of any size where nothing waits, and holds for bytes', async () => {
    const room = new QueuedMessages({ maxQueued: 10, maxQueuedBytes: 100 })
    const share = new SenderShare()
    expect(room.refusal(share, 500)).toBeUndefined()
    room.enter(share, 400)
    room.enter(share, 100)
    expect(room.refusal(new SenderShare(), 1)).toContain('maxQueuedBytes')
    const low = room.whenLow(share)
    room.leave(share, 400)
    room.leave(share, 100)
    await low
    expect(room.whenLow(share)).toBeUndefined()
    room.enter(share, 60)
    expect(room.refusal(share, 60)).toContain('maxQueuedBytes')
    expect(room.refusal(new SenderShare(), 60)).toContain('maxQueuedBytes')
    expect(room.refusal(new SenderShare(), 50)).toBeUndefined()
  })
})

describe('the window of unconfirmed messages', () => {
  const publication = (messageId: string): Publication =>
    new Publication(
      {
        message: {
          exchange: '',
          routingKey: 'q',
          content: Buffer.alloc(0),
          properties: { messageId },
          mandatory: true,
        },
        topology: [],
        line: new SenderLine(),
        share: new SenderShare(),
        timeoutMs: Number.POSITIVE_INFINITY,
      },
      Number.POSITIVE_INFINITY,
      () => undefined,
    )

  test('takes one tag, or all up to it, each once', () => {
    const window = new ConfirmWindow()
    for (let tag = 1; tag <= 5; tag += 1) window.add(tag, publication(`m${tag}`))
    const ids = (taken: readonly (Publication | undefined)[]): (string | undefined)[] =>
      taken.map((one) => one?.message.properties.messageId)
    expect(ids([window.take(2)])).toEqual(['m2'])
    expect(ids(window.takeUpTo(4))).toEqual(['m1', 'm3', 'm4'])
    expect(ids(window.takeUpTo(4))).toEqual([])
    expect(ids(window.drain())).toEqual(['m5'])
    expect(window.size).toBe(0)
  })

  test('gives a return to the message it names', () => {
    const window = new ConfirmWindow()
    const [one, two] = [publication('m1'), publication('m2')]
    window.add(1, one)
    window.add(2, two)
    window.markReturned({ messageId: 'm2', replyCode: 312, replyText: 'NO_ROUTE' })
    window.markReturned({ messageId: 'unheard-of', replyCode: 312, replyText: 'NO_ROUTE' })
    expect([one.returnedBecause, two.returnedBecause]).toEqual([undefined, 'there is no such queue (312 NO_ROUTE)'])
  })

  test('knows each id in it, whether it came before or after the question', () => {
    const window = new ConfirmWindow()
    const held = (): string[] => ['m1', 'm2', 'm3'].filter((id) => window.holds(id))
    window.add(1, publication('m1'))
    window.add(2, publication('m2'))
    expect(held()).toEqual(['m1', 'm2'])
    window.add(3, publication('m3'))
    window.take(1)
    expect(held()).toEqual(['m2', 'm3'])
    window.drain()
    expect(held()).toEqual([])
    window.add(1, publication('m1'))
    expect(held()).toEqual(['m1'])
  })
})

test('message ids are UUIDs of version 7, in the order of time', () => {
  const ids = Array.from({ length: 20_000 }, newMessageId)
  expect(new Set(ids).size).toBe(20_000)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const times = ids.map((id) => id.slice(0, 13))
  expect(times).toEqual([...times].sort())
})
