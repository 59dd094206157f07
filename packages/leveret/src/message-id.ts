import { randomUUID } from 'node:crypto'

/** A UUID of version 7: sorts by its time of creation. @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
export function newMessageId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
