import { eventually } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { type Peer, type Running, said, start } from './programs.js'

/** Every receiver prints one of these when its queue is bound. */
const WAITING = / \[\*] Waiting for (messages in amq\.gen-\S+|logs)\. To exit press CTRL\+C$/

/** Starts a receiver. Its queue is bound when this resolves: what is published from now on it gets. */
export async function listening(
  peer: Peer,
  program: string,
  env: Record<string, string>,
  ...words: string[]
): Promise<Running> {
  const receiver = start(peer, program, env, ...words)
  await receiver.printed(WAITING)
  return receiver
}

/** Publishes with a program that is to end well and to have printed this. */
export async function emit(
  peer: Peer,
  program: string,
  env: Record<string, string>,
  { words, prints }: { words: readonly string[]; prints: string },
): Promise<void> {
  const sender = start(peer, program, env, ...words)
  expect(await sender.ended()).toBe(0)
  expect(said(sender)).toEqual([prints])
}

/** A receiver gets these lines, in this order, and no others. */
export async function gets(receiver: Running, lines: readonly string[]): Promise<void> {
  await eventually(() => expect(said(receiver).slice(1)).toEqual(lines))
}

/** Ctrl-C: the program ends, and well. It has printed nothing but what the tutorials do. */
export async function endsCleanly(receiver: Running): Promise<void> {
  expect(await receiver.interrupt()).toBe(0)
  expect(receiver.lines).toEqual(said(receiver))
}

/** Asked for nothing, a receiver says how it is used, and ends. */
export async function saysHowItIsUsed(peer: Peer, program: string, usage: string): Promise<void> {
  const receiver = start(peer, program, { RABBITMQ_URL: 'amqp://nowhere.invalid' })
  expect(await receiver.ended()).toBe(1)
  expect(receiver.lines).toEqual([usage])
}
