import { type Case, HANDLED, packageJson } from './case.js'
import { commonJs, dynamicImport, esModule, typeScript } from './programs.js'

/** Node.js without a compiler, and tsx. */
export const plainCases: readonly Case[] = [
  {
    name: 'ES module',
    settings: '`"type": "module"` in package.json, or a file `.mjs`',
    tools: [],
    files: { 'program.mjs': esModule },
    steps: [['program.mjs']],
    prints: HANDLED,
    isQuick: true,
  },
  {
    name: 'CommonJS, `require`',
    settings: 'none',
    tools: [],
    files: { 'program.cjs': commonJs },
    steps: [['program.cjs']],
    prints: HANDLED,
    isQuick: true,
  },
  {
    name: 'CommonJS, `await import()`',
    settings: 'none',
    tools: [],
    files: { 'program.cjs': dynamicImport },
    steps: [['program.cjs']],
    prints: HANDLED,
    isQuick: true,
  },
  ...(['module', 'commonjs'] as const).map(
    (type): Case => ({
      name: `tsx, ${type === 'module' ? 'ES module' : 'CommonJS'}`,
      settings: `\`"type": "${type}"\` in package.json`,
      tools: ['tsx'],
      files: { 'program.ts': typeScript, 'package.json': packageJson(type) },
      steps: [['node_modules/tsx/dist/cli.mjs', 'program.ts']],
      prints: HANDLED,
      isQuick: true,
    }),
  ),
]
