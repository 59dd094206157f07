import type { SchemaObject } from '../schema/json-schema.js'
import { breaks, cannotTell, type Doubt } from './doubt.js'

/** Lists the doubts about texts. */
export function textDoubts(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = reader
  return [
    ...((writer.minLength ?? 0) >= minLength
      ? []
      : [breaks(path, `{reader} takes texts from ${minLength} characters on, and {writer} may have shorter ones`)]),
    ...((writer.maxLength ?? Number.POSITIVE_INFINITY) <= maxLength
      ? []
      : [breaks(path, `{reader} takes texts of up to ${maxLength} characters, and {writer} may have longer ones`)]),
    ...formDoubts('pattern', reader, writer, path),
    ...formDoubts('format', reader, writer, path),
    ...formDoubts('contentEncoding', reader, writer, path),
  ]
}

/** Lists the doubts about forms of texts. Whether one form includes another cannot be decided here. */
function formDoubts(
  keyword: 'pattern' | 'format' | 'contentEncoding',
  reader: SchemaObject,
  writer: SchemaObject,
  path: string,
): Doubt[] {
  const asked = reader[keyword]
  if (asked === undefined || asked === writer[keyword]) return []
  const isFree = writer.pattern === undefined && writer.format === undefined && writer.contentEncoding === undefined
  const shown = String(asked).length > 60 ? `${String(asked).slice(0, 60)}…` : String(asked)
  return isFree
    ? [breaks(path, `{reader} takes texts of the ${keyword} ${shown} only, and {writer} may have any`)]
    : [cannotTell(path, `whether what {writer} has is always of the ${keyword} ${shown}`)]
}
