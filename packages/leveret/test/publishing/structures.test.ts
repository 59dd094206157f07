import { describe, expect, test } from 'vitest'
import { Fifo } from '../../src/fifo.js'
import { newMessageId } from '../../src/message-id.js'
import { Publication } from '../../src/publishing/publication.js'
import { Window } from '../../src/publishing/window.js'

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
        timeoutMs: Number.POSITIVE_INFINITY,
      },
      Number.POSITIVE_INFINITY,
      () => undefined,
    )

  test('takes one tag, or all up to it, each once', () => {
    const window = new Window()
    for (let tag = 1; tag <= 5; tag += 1) window.add(tag, publication(`m${tag}`))
    const ids = (taken: Publication[]): string[] => taken.map(({ message }) => message.properties.messageId)
    expect(ids(window.take(2, false))).toEqual(['m2'])
    expect(ids(window.take(4, true))).toEqual(['m1', 'm3', 'm4'])
    expect(ids(window.take(4, true))).toEqual([])
    expect(ids(window.drain())).toEqual(['m5'])
    expect(window.size).toBe(0)
  })

  test('gives a return to the message it names', () => {
    const window = new Window()
    const [one, two] = [publication('m1'), publication('m2')]
    window.add(1, one)
    window.add(2, two)
    window.markReturned({ messageId: 'm2', replyCode: 312, replyText: 'NO_ROUTE' })
    window.markReturned({ messageId: 'unheard-of', replyCode: 312, replyText: 'NO_ROUTE' })
    expect([one.returnedBecause, two.returnedBecause]).toEqual([undefined, 'there is no such queue (312 NO_ROUTE)'])
  })

  test('knows each id in it, whether it was there before somebody asked or came afterwards', () => {
    const window = new Window()
    const held = (): string[] => ['m1', 'm2', 'm3'].filter((id) => window.holds(id))
    window.add(1, publication('m1'))
    window.add(2, publication('m2'))
    expect(held()).toEqual(['m1', 'm2'])
    window.add(3, publication('m3'))
    window.take(1, false)
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
