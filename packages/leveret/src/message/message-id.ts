import { randomUUID } from 'node:crypto'

/** As many ids share a random part: what three digits count. */
const SHARED_BY = 16 ** 3
const DIGITS = Array.from({ length: SHARED_BY }, (_, count) => count.toString(16).padStart(3, '0'))

let lastMs = 0
let lastTime = ''
let count = 0
let random = ''

/**
 * A UUID of version 7: sorts by its time of creation. Those of one millisecond are told apart by a count, and from those of other
 * processes by 62 random bits that they share.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-monotonicity-and-counters
 */
export function newMessageId(): string {
  const ms = Date.now()
  if (ms !== lastMs || count === SHARED_BY) {
    const time = ms.toString(16).padStart(12, '0')
    lastTime = `${time.slice(0, 8)}-${time.slice(8)}-7`
    lastMs = ms
    count = 0
    random = randomUUID().slice(18)
  }
  const digits = DIGITS[count] as string
  count += 1
  return lastTime + digits + random
}

const OWN_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Whether an id has the form of {@link newMessageId}, and so is of one message only. */
export function isOwnMessageId(id: string | undefined): boolean {
  return id !== undefined && OWN_FORM.test(id)
}
