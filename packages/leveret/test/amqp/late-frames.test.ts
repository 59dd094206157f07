import type * as amqp from 'amqplib'
import { expect, test } from 'vitest'
import { dropLateFrames } from '../../src/amqp/amqplib/late-frames.js'

/** Some of what a broker sends, by the numbers of AMQP. */
const METHODS = {
  openOk: (20 << 16) | 11,
  close: (20 << 16) | 40,
  closeOk: (20 << 16) | 41,
  deliver: (60 << 16) | 60,
  heartbeat: undefined,
}

type Frame = readonly [channel: number, method: keyof typeof METHODS]

/** @returns those of the frames that amqplib gets */
function pass(...frames: Frame[]): Frame[] {
  const passed: Frame[] = []
  let current: Frame | undefined
  const connection = {
    accept: (_frame: object): void => {
      if (current !== undefined) passed.push(current)
    },
  }
  dropLateFrames({ connection } as unknown as amqp.ChannelModel)
  for (current of frames) connection.accept({ channel: current[0], id: METHODS[current[1]] })
  return passed
}

test('what comes on a channel that the broker has closed is dropped, until another channel has its number', () => {
  expect(pass([1, 'deliver'], [1, 'close'], [1, 'deliver'], [1, 'openOk'], [1, 'deliver'])).toEqual([
    [1, 'deliver'],
    [1, 'close'],
    [1, 'openOk'],
    [1, 'deliver'],
  ])
})

test('what comes on other channels is not', () => {
  const others = [
    [1, 'close'],
    [2, 'deliver'],
    [0, 'heartbeat'],
    [3, 'close'],
    [2, 'deliver'],
  ] as const
  expect(pass(...others)).toEqual(others)
})

test("nor is the answer to a close of ours that has crossed the broker's", () => {
  const crossed = [
    [1, 'close'],
    [1, 'closeOk'],
    [1, 'openOk'],
  ] as const
  expect(pass(...crossed)).toEqual(crossed)
})
