import { randomUUID } from 'node:crypto'

let lastMs = 0
let lastTime = ''

/** A UUID of version 7: sorts by its time of creation. @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
export function newMessageId(): string {
  const ms = Date.now()
  if (ms !== lastMs) {
    const time = ms.toString(16).padStart(12, '0')
    lastTime = `${time.slice(0, 8)}-${time.slice(8)}-7`
    lastMs = ms
  }
  return lastTime + randomUUID().slice(15)
}
