import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { PublishTrace } from '../../src/index.js'

/** Calls back for each message of a channel of `node:diagnostics_channel`, until the test ends. */
export function onTopic<Message>(name: string, act: (message: Message) => void): void {
  const listener = (message: unknown): void => act(message as Message)
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
}

/** Calls back for each publish whose outcome is known, until the test ends. */
export function onPublishEnd(act: (trace: PublishTrace) => void): void {
  onTopic('tracing:leveret:publish:asyncEnd', act)
}
