import { z } from 'zod'
import { tableProblem } from '../connection/table.js'
import { OptionsError } from '../errors.js'
import { givenAs } from '../given.js'
import { nameProblem, namesProblem, shortString } from '../short-string.js'
import type { Codec } from './codec.js'
import type { Schema } from './schema.js'

/** A schema of a contract, from whatever library. */
export const schemaOption: z.ZodType<Schema> = z.custom<Schema>(
  (value) => typeof Object(Object(value)['~standard']).validate === 'function',
  'expected a schema: zod, valibot, arktype or any other Standard Schema',
)

/** How payloads are written. */
export const codecOption: z.ZodType<Codec> = z.custom<Codec>((value) => {
  const { contentType, encode, decode } = Object(value)
  return (
    typeof contentType === 'string' &&
    nameProblem(contentType) === undefined &&
    typeof encode === 'function' &&
    typeof decode === 'function'
  )
}, 'expected a codec: contentType (without a line end or a lone surrogate), encode and decode')

/** Arguments to declare something with. */
export const argumentsOption = z.record(z.string(), z.unknown()).superRefine((table, context) => {
  const problem = tableProblem(table) ?? namesProblem(table)
  if (problem !== undefined) context.addIssue(problem)
})

/** What tells the versions of a contract apart. */
export const versionOption = shortString('a version').min(1).max(64)

/** The kinds of contracts, and the functions that make them. */
const MAKERS = {
  'work-queue': 'workQueue()',
  exchange: 'fanoutExchange(), directExchange(), topicExchange() or headersExchange()',
  procedure: 'procedure()',
} as const

/** What somebody who has given this may have meant. */
const CONTRACT_ADVICE: Readonly<Record<string, string>> = {
  'a connection of leveret': '. The connection comes before it',
  'a function': '. The handler comes after it',
  'a schema': '. A schema is a part of it',
}

/**
 * Checks that a role was given a contract of its kind.
 *
 * @param role - for the error
 * @throws {@link OptionsError}
 */
export function checkContract(role: string, contract: unknown, kind: keyof typeof MAKERS): void {
  const given: unknown = Object(contract).kind
  if (given === kind) return
  const what = givenAs(contract)
  throw new OptionsError(
    `${role}: the contract is ${what}: expected one that ${MAKERS[kind]} has made${CONTRACT_ADVICE[what] ?? ''}`,
  )
}
