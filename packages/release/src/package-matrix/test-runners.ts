import { type Case, packageJson } from './case.js'
import { javaScriptTest, typeScriptTest } from './programs.js'

/** The one setting that makes Jest compile the ES modules in `node_modules`, also in the layout of pnpm. */
const transformIgnorePatterns = ['node_modules/(?!(?:\\.pnpm/)?(?:leveret|@leveret|p-retry|is-network-error)[@+/])']
const settings = `\`transformIgnorePatterns: ['${transformIgnorePatterns[0]?.replaceAll('\\', '\\\\')}']\``
const passes = /^Tests: +1 passed/m
const jest = ['node_modules/jest/bin/jest.js', '--ci', '--forceExit', '--no-cache']
const babel = "module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }\n"
const tools = ['jest', 'babel-jest', '@babel/core', '@babel/preset-env']

function jestConfig(options: object): string {
  return `module.exports = ${JSON.stringify(options)}\n`
}

/** Vitest, and Jest with babel-jest (its default transform), with ts-jest and with @swc/jest. */
export const testRunnerCases: readonly Case[] = [
  {
    name: 'Vitest',
    settings: 'none',
    tools: ['vitest'],
    files: {
      'work.test.ts': `import { expect, test } from 'vitest'\n${typeScriptTest}`,
      'package.json': packageJson('module'),
    },
    steps: [['node_modules/vitest/vitest.mjs', 'run', '--root', '.']],
    prints: /Tests +1 passed/,
    isQuick: true,
  },
  {
    name: 'Jest with babel-jest, without a setting',
    settings: 'none',
    tools,
    files: { 'work.test.js': javaScriptTest, 'babel.config.js': babel, 'jest.config.js': jestConfig({}) },
    steps: [jest],
    prints: /SyntaxError: Cannot use import statement outside a module|Unexpected token 'export'|Must use import/,
    isRefused: true,
    isQuick: true,
  },
  {
    name: 'Jest with babel-jest',
    settings,
    tools,
    files: {
      'work.test.js': javaScriptTest,
      'babel.config.js': babel,
      'jest.config.js': jestConfig({ transformIgnorePatterns }),
    },
    steps: [jest],
    prints: passes,
    isQuick: true,
  },
  {
    name: 'Jest with ts-jest',
    settings: `\`preset: 'ts-jest/presets/js-with-ts'\`, ${settings}, \`"allowJs": true, "types": ["jest", "node"]\` in tsconfig.json`,
    tools: ['jest', 'ts-jest', 'typescript@6', '@types/jest', '@types/node'],
    files: {
      'work.test.ts': typeScriptTest,
      'jest.config.js': jestConfig({ preset: 'ts-jest/presets/js-with-ts', transformIgnorePatterns }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: { module: 'commonjs', target: 'es2022', strict: true, allowJs: true, types: ['jest', 'node'] },
      }),
    },
    steps: [jest],
    prints: passes,
  },
  {
    name: 'Jest with @swc/jest',
    settings: `\`transform: { '^.+\\\\.[jt]s$': '@swc/jest' }\`, ${settings}`,
    tools: ['jest', '@swc/core', '@swc/jest'],
    files: {
      'work.test.ts': typeScriptTest,
      'jest.config.js': jestConfig({ transform: { '^.+\\.[jt]s$': '@swc/jest' }, transformIgnorePatterns }),
    },
    steps: [jest],
    prints: passes,
  },
]
