import { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { nameProblem, quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import { checkCarried } from '../payloads/carried.js'
import type { Codec } from '../payloads/codec.js'
import type { Schema } from '../payloads/schema.js'
import { schemaOption } from '../payloads/shared-options.js'
import { overlaps, wordsOf } from './routing-key.js'

/**
 * Schemas by routing key, or by a pattern of routing keys.
 *
 * **Keys that a schema does not name stay out of the message** if it is a zod schema without a transform. With a
 * transform or a similar part, and with schemas of other libraries, **the input is sent with all its keys**: see
 * `payload` of `workQueue`.
 */
export type Templates = Readonly<Record<string, Schema>>

const templatesOption = z.record(z.string(), schemaOption).superRefine((templates, context) => {
  const keys = Object.keys(templates)
  if (keys.length === 0) context.addIssue('expected at least one routing key with its schema')
  for (const key of keys) {
    const problem = nameProblem(key)
    if (problem !== undefined) context.addIssue(`the routing key ${quoted(key.slice(0, 20))}…: it ${problem}`)
  }
})

/** Checks schemas by template. @returns a copy, because declarations are remembered for it, so it must not change */
export function checkTemplates<T extends Templates>(templates: T, codec: Codec, where: string): T {
  const checked = parseOptions(templatesOption, templates, where)
  for (const [key, schema] of Object.entries(checked)) checkCarried(where, quoted(key), schema, codec)
  return Object.freeze(checked) as T
}

/** Refuses templates that overlap. @throws {@link OptionsError} if a routing key can match two of them */
export function refuseOverlaps(templates: readonly string[], where: string): void {
  for (const [index, template] of templates.entries()) {
    const other = templates.slice(index + 1).find((later) => overlaps(wordsOf(template), wordsOf(later)))
    if (other === undefined) continue
    throw new OptionsError(
      `${where}: a routing key can match both '${template}' and '${other}'. Make them differ, or set overlap: 'most-specific'`,
    )
  }
}
