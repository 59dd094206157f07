import { expect, test } from 'vitest'
import { inLoops, inWindow } from '../src/work/window.js'

test('as many are under way as the window has room for, until all are done', async () => {
  const waiting: (() => void)[] = []
  const done = inWindow({ messages: 5, atOnce: 2 }, (settled) => waiting.push(settled))
  const widths: number[] = []
  for (let settle = waiting.shift(); settle; settle = waiting.shift()) {
    widths.push(waiting.length + 1)
    settle()
  }
  await done
  expect(widths).toEqual([2, 2, 2, 2, 1])
})

test('one that fails ends it', async () => {
  const failure = new Error('no')
  await expect(inWindow({ messages: 3, atOnce: 1 }, (settled) => settled(failure))).rejects.toBe(failure)
})

test('as many loops as there is room for await all of them', async () => {
  let underWay = 0
  const widths: number[] = []
  await inLoops({ messages: 5, atOnce: 2 }, async () => {
    underWay += 1
    widths.push(underWay)
    await Promise.resolve()
    underWay -= 1
  })
  expect([widths.length, Math.max(...widths)]).toEqual([5, 2])
})
