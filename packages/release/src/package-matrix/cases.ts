import { bundlerCases } from './bundlers.js'
import type { Case } from './case.js'
import { plainCases } from './plain.js'
import { testRunnerCases } from './test-runners.js'
import { typeScriptCases } from './typescript.js'

/** Every case, in the order of the table. */
export const cases: readonly Case[] = [...plainCases, ...typeScriptCases, ...bundlerCases, ...testRunnerCases]
