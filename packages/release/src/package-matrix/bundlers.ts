import { type Case, HANDLED, packageJson } from './case.js'
import { typeScript } from './programs.js'

interface Bundle {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly type?: 'module' | 'commonjs'
  readonly refusal?: RegExp
}

/** Returns the case of a program that esbuild bundles with its dependencies. */
function bundled({ name, options, type = 'module', refusal }: Bundle): Case {
  const all = { entryPoints: ['program.ts'], bundle: true, platform: 'node', outfile: 'out.js', ...options }
  const shown = Object.entries({ platform: 'node', ...options }).map(
    ([key, value]) => `\`${key}: ${JSON.stringify(value)}\``,
  )
  return {
    name,
    settings: shown.join(', '),
    tools: ['esbuild'],
    files: {
      'program.ts': typeScript,
      'build.mjs': `import { build } from 'esbuild'\nawait build(${JSON.stringify(all)})\n`,
      'package.json': packageJson(type),
    },
    steps: [['build.mjs'], ['out.js']],
    prints: refusal ?? HANDLED,
    isRefused: refusal !== undefined,
    isQuick: true,
  }
}

/** Code that creates a `require`: in a bundle that is an ES module, amqplib calls it for modules of Node.js. */
const banner = {
  js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url)",
}

/** esbuild, with both kinds of modules as its output. */
export const bundlerCases: readonly Case[] = [
  bundled({ name: 'esbuild to CommonJS', options: { format: 'cjs' }, type: 'commonjs' }),
  bundled({
    name: 'esbuild to an ES module, without a `require`',
    options: { format: 'esm' },
    refusal: /Dynamic require of "[\w:]+" is not supported/,
  }),
  bundled({ name: 'esbuild to an ES module', options: { format: 'esm', banner } }),
  bundled({ name: 'esbuild to an ES module, packages left out', options: { format: 'esm', packages: 'external' } }),
]
