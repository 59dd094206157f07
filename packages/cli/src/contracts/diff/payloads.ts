import type { Doubt } from '../compatibility/doubt.js'
import { doubtsOf } from '../compatibility/includes.js'
import type { DescribedContract, DescribedMessage } from '../document.js'
import type { Change } from './change.js'

/** Compares the messages of a contract. */
export function payloadChanges(before: DescribedContract, after: DescribedContract): Change[] {
  const now = new Map(after.messages.map((message) => [message.part, message]))
  const old = new Set(before.messages.map(({ part }) => part))
  return [
    ...before.messages.flatMap((message) => {
      const next = now.get(message.part)
      return next === undefined ? goneMessage(after, message) : messageChanges(after, message, next)
    }),
    ...after.messages.filter(({ part }) => !old.has(part)).map((message) => newMessage(after, message)),
  ]
}

/**
 * Compares a message in both directions: old messages wait in queues, and old readers still run during a deployment.
 */
function messageChanges({ key }: DescribedContract, before: DescribedMessage, after: DescribedMessage): Change[] {
  const change = (side: 'backward' | 'forward', doubt: Doubt, names: Names): Change => ({
    contract: key,
    path: [before.part === 'payload' ? '' : before.part, doubt.path].filter(Boolean).join(': '),
    side,
    answer: doubt.answer,
    text: named(doubt.why, names),
  })
  return [
    ...doubtsOf(after.schema, before.schema).map((doubt) => change('backward', doubt, BACKWARD)),
    ...doubtsOf(before.schema, after.schema).map((doubt) => change('forward', doubt, FORWARD)),
  ]
}

interface Names {
  readonly reader: string
  readonly writer: string
}

const BACKWARD: Names = { reader: 'the new version', writer: 'an old message' }
const FORWARD: Names = { reader: 'the old version', writer: 'a new message' }

function named(why: string, { reader, writer }: Names): string {
  return why.replaceAll('{reader}', reader).replaceAll('{writer}', writer)
}

function goneMessage({ key, kind }: DescribedContract, { part, template }: DescribedMessage): Change[] {
  const change = { contract: key, path: part, answer: 'breaks' } as const
  if (template !== undefined) {
    return [
      {
        ...change,
        side: 'routing',
        text: `the template '${template}' is gone: publishes with it are refused, and subscribers bound to it receive nothing`,
      },
    ]
  }
  if (part.startsWith('error '))
    return [{ ...change, answer: 'ok', side: 'info', text: 'the error is not declared any more' }]
  return [{ ...change, side: 'backward', text: `a ${kind} had it, and has it no more` }]
}

function newMessage({ key }: DescribedContract, { part, template }: DescribedMessage): Change {
  const change = { contract: key, path: part } as const
  if (template !== undefined) {
    const text = `the template '${template}' is new: an old subscriber that is bound to it does not know it (onUnknown)`
    return { ...change, side: 'forward', answer: 'cannot tell', text }
  }
  if (part.startsWith('error ')) {
    return {
      ...change,
      side: 'forward',
      answer: 'cannot tell',
      text: 'an old client does not know the error, and gets it as an unknown one',
    }
  }
  return { ...change, side: 'forward', answer: 'cannot tell', text: 'an old reader does not expect it' }
}
