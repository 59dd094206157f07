import { commonJs, dynamicImport, esModule, typeScript, typeScriptImport, unitTest } from './programs.js'
import type { Tools } from './project.js'

/** One way of using the published packages. */
export interface Case {
  /** What a user has, for example `TypeScript 5.9, node10`. */
  readonly name: string
  /** The settings that it takes, in Markdown. */
  readonly settings: string
  readonly tools: Tools
  readonly files: Readonly<Record<string, string>>
  /** Commands in the project, each a script for Node.js. */
  readonly steps: readonly (readonly string[])[]
  /** What the last command prints. */
  readonly prints: RegExp
  /** Whether the command is to fail, with a text that says so. */
  readonly isRefused?: boolean
  /** Whether it needs a network: it is left out of the tests. */
  readonly needsRegistry?: boolean
}

const handled = /^handled 7$/m

const plain: readonly Case[] = [
  {
    name: 'ES module',
    settings: '`"type": "module"`, or a file `.mjs`',
    tools: [],
    files: { 'program.mjs': esModule },
    steps: [['program.mjs']],
    prints: handled,
  },
  {
    name: 'CommonJS, `require`',
    settings: 'none; Node.js 20.19, 22.12 or later',
    tools: [],
    files: { 'program.cjs': commonJs },
    steps: [['program.cjs']],
    prints: handled,
  },
  {
    name: 'CommonJS, `await import()`',
    settings: 'none',
    tools: [],
    files: { 'program.cjs': dynamicImport },
    steps: [['program.cjs']],
    prints: handled,
  },
]

interface Compiled {
  readonly compiler: 'typescript' | 'typescript-5.4' | 'typescript-5.9' | 'typescript-6'
  readonly settings: Readonly<Record<string, unknown>>
  readonly type?: 'module' | 'commonjs'
  readonly program?: string
}

const VERSIONS = { typescript: '7', 'typescript-5.4': '5.4', 'typescript-5.9': '5.9', 'typescript-6': '6' }

/** A program that TypeScript compiles and Node.js then runs. */
function compiled({ compiler, settings, type = 'module', program = typeScript }: Compiled): Omit<Case, 'name'> {
  const base = { target: 'es2022', strict: true, skipLibCheck: false, types: ['node'], rootDir: '.', outDir: 'out' }
  const shown = Object.entries(settings).map(([name, value]) => `\`"${name}": ${JSON.stringify(value)}\``)
  return {
    settings: shown.join(', '),
    tools: [compiler, '@types/node'],
    files: {
      'program.ts': program,
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...base, ...settings }, files: ['program.ts'] }),
      'package.json': JSON.stringify({ name: 'project', version: '1.0.0', type }),
    },
    steps: [[`node_modules/${compiler}/bin/tsc`, '-p', '.'], ['out/program.js']],
    prints: handled,
  }
}

const named = (compiler: Compiled['compiler'], how: string): string => `TypeScript ${VERSIONS[compiler]}, ${how}`

function typeScriptCases(compiler: Compiled['compiler']): Case[] {
  const node16 = { module: 'node16', moduleResolution: 'node16' }
  const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' }
  const knowsRequire = compiler !== 'typescript-5.4'
  const bundled = compiled({ compiler, settings: { module: 'esnext', moduleResolution: 'bundler' } })
  return [
    { name: named(compiler, '`node16`, ES module'), ...compiled({ compiler, settings: node16 }) },
    {
      name: named(compiler, '`node16`, CommonJS'),
      ...compiled({ compiler, settings: node16, type: 'commonjs' }),
      prints: /error TS1479/,
      isRefused: true,
    },
    {
      name: named(compiler, '`node16`, CommonJS with `await import()`'),
      ...compiled({ compiler, settings: node16, type: 'commonjs', program: typeScriptImport }),
    },
    { name: named(compiler, '`nodenext`, ES module'), ...compiled({ compiler, settings: nodenext }) },
    {
      name: named(compiler, '`nodenext`, CommonJS'),
      ...compiled({ compiler, settings: nodenext, type: 'commonjs' }),
      ...(knowsRequire ? {} : { prints: /error TS1479/, isRefused: true }),
    },
    { name: named(compiler, '`bundler`'), ...bundled },
  ]
}

const node10 = { module: 'commonjs', moduleResolution: 'node10' }
const old: readonly Case[] = [
  {
    name: named('typescript-5.4', '`node10`'),
    ...compiled({ compiler: 'typescript-5.4', settings: node10, type: 'commonjs' }),
  },
  {
    name: named('typescript-5.9', '`node10`'),
    ...compiled({ compiler: 'typescript-5.9', settings: node10, type: 'commonjs' }),
  },
  {
    name: named('typescript-6', '`node10`'),
    ...compiled({
      compiler: 'typescript-6',
      settings: { ...node10, ignoreDeprecations: '6.0' },
      type: 'commonjs',
    }),
  },
  {
    name: named('typescript', '`node10`'),
    ...compiled({ compiler: 'typescript', settings: node10, type: 'commonjs' }),
    prints: /error TS5108|error TS5107|has been removed/,
    isRefused: true,
  },
]

/** Every way, in the order of the table. */
export const cases: readonly Case[] = [
  ...plain,
  ...old,
  ...typeScriptCases('typescript-5.4'),
  ...typeScriptCases('typescript-5.9'),
  ...typeScriptCases('typescript-6'),
  ...typeScriptCases('typescript'),
]
void unitTest
