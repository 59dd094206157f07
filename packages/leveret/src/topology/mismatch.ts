import type { Mismatch } from '../errors.js'

const INEQUIVALENT =
  /inequivalent arg '([^']+)' for (queue|exchange) '(.+?)' in vhost .*?: received (.*?) but current is (.*)$/s

/**
 * Reads the broker's sentence about an argument that differs.
 *
 * @returns `undefined` when it is about something else
 */
export function readMismatch(replyText: string): Mismatch | undefined {
  const parts = INEQUIVALENT.exec(replyText)
  if (parts === null) return undefined
  const [, argument = '', kind, entity = '', wanted = '', found = ''] = parts
  return {
    kind: kind === 'exchange' ? 'exchange' : 'queue',
    entity,
    argument,
    wanted: readValue(wanted),
    found: readValue(found),
    replyText,
  }
}

/** `the value '20' of type 'signedint'` is `20`; `none` stays. */
function readValue(text: string): string {
  return /^(?:the )?value '(.*?)'/s.exec(text)?.[1] ?? text.replace(/^'(.*)'$/s, '$1')
}
