import { expect, test } from 'vitest'
import { inPace } from '../src/latency/pace.js'

test('begins each message, and ends when the last of them has settled', async () => {
  const waiting: (() => void)[] = []
  let begin: (all: unknown) => void = () => undefined
  const allBegun = new Promise((resolve) => {
    begin = resolve
  })
  let isDone = false
  const done = inPace({ messages: 5, aSecond: 1_000 }, (settled) => {
    waiting.push(settled)
    if (waiting.length === 5) begin(undefined)
  }).then(() => {
    isDone = true
  })
  await allBegun
  for (const settle of waiting.slice(1)) settle()
  await new Promise(setImmediate)
  expect(isDone).toBe(false)
  waiting[0]?.()
  await done
  expect(waiting).toHaveLength(5)
})

test('never runs ahead of its rate', async () => {
  const startedMs = performance.now()
  const early: number[] = []
  let begun = 0
  await inPace({ messages: 20, aSecond: 500 }, (settled) => {
    const dueMs = (begun * 1_000) / 500
    if (performance.now() - startedMs < dueMs) early.push(begun)
    begun += 1
    settled()
  })
  expect([begun, early]).toEqual([20, []])
})

test('one that fails ends it', async () => {
  const failure = new Error('no')
  await expect(inPace({ messages: 3, aSecond: 1_000 }, (settled) => settled(failure))).rejects.toBe(failure)
})
