import type { JsonSchema } from '../schema/json-schema.js'
import type { Doubt } from './doubt.js'

/** Compares the schemas of a part of the value. */
export type Compare = (reader: JsonSchema, writer: JsonSchema, path: string) => Doubt[]
