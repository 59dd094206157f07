import { join } from 'node:path'
import {
  API,
  type Checker,
  SignatureKind,
  SymbolFlags,
  type Type,
  type Symbol as TypeSymbol,
} from 'typescript/unstable/sync'
import { onTestFinished } from 'vitest'
import { projectOf } from './compile.js'

/** The built packages of this repository. */
const OF_THE_WORKSPACE = /\/packages\/[\w-]+\/dist\//

/** A property of an options object, as an editor shows it. */
export interface Option {
  /** For example `connect(options).tls.ca`. */
  readonly path: string
  readonly documentation: string
  /** The text of `@defaultValue`. */
  readonly defaultValue: string | undefined
  readonly isOptional: boolean
}

/** What the language service says of a program that imports the built library. */
export class LanguageService {
  readonly #checker: Checker
  readonly #file: string
  readonly #program: string
  readonly #exports: readonly TypeSymbol[]

  private constructor(checker: Checker, file: string, program: string) {
    this.#checker = checker
    this.#file = file
    this.#program = program
    const imported = checker.getSymbolAtPosition(file, program.indexOf('library'))
    if (imported === undefined) throw new Error('the program does not import the library')
    this.#exports = checker.getExportsOfModule(checker.getAliasedSymbol(imported))
  }

  /** @param program - its first line is `import * as library from 'leveret'`, or from another package of the workspace */
  static async of(program: string): Promise<LanguageService> {
    const folder = await projectOf(program)
    const api = new API({ cwd: folder })
    onTestFinished(() => api.close())
    const [project] = api.updateSnapshot({ openProjects: [join(folder, 'tsconfig.json')] }).getProjects()
    if (project === undefined) throw new Error('the compiler opened no project')
    return new LanguageService(project.checker, join(folder, 'program.mts'), program)
  }

  /** The names of what the library exports, of these kinds. @param folder - only what comes from other folders than this one */
  exported(kinds: SymbolFlags, folder?: string): string[] {
    const isMeant = ({ flags, declarations }: TypeSymbol): boolean =>
      (flags & kinds) !== 0 && !declarations.some(({ path }) => path.includes(`/leveret/dist/${folder}/`))
    return this.#exports.filter((symbol) => isMeant(this.#resolved(symbol))).map(({ name }) => name)
  }

  /** The properties of an exported type, and of those within. */
  optionsOfType(name: string): Option[] {
    return this.#within(name, this.#checker.getDeclaredTypeOfSymbol(this.#named(name)))
  }

  /**
   * The properties of each options parameter of an exported function or class: of its calls, its constructors and its methods.
   *
   * @returns under the path of each parameter. One whose type depends on type parameters has none
   */
  optionsOfCalls(name: string): Map<string, Option[]> {
    const symbol = this.#named(name)
    const type = this.#checker.getTypeOfSymbol(symbol)
    const found = new Map<string, Option[]>()
    if (type !== undefined) {
      this.#collect(found, name, type, SignatureKind.Call)
      this.#collect(found, `new ${name}`, type, SignatureKind.Construct)
    }
    if (symbol.flags & SymbolFlags.Class) {
      for (const method of this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol))) {
        const methodType = this.#checker.getTypeOfSymbol(method)
        if (methodType !== undefined) this.#collect(found, `${name}.${method.name}`, methodType, SignatureKind.Call)
      }
    }
    return found
  }

  /** What an editor offers at a mark between braces in the program, with its documentation. */
  offeredAt(mark: string): Option[] {
    const at = this.#program.indexOf(mark) + mark.length
    const offered = this.#checker.getCompletionsAtPosition(this.#file, at, { includeSymbol: true })?.entries ?? []
    return offered.flatMap(({ symbol }) => (symbol === undefined ? [] : [this.#optionOf(mark, symbol)]))
  }

  /** The type that an editor shows for the name at a mark in the program. */
  typeAt(mark: string): string {
    const type = this.#checker.getTypeAtPosition(this.#file, this.#program.indexOf(mark))
    if (type === undefined) throw new Error(`nothing has a type at ${mark}`)
    return this.#checker.typeToString(type)
  }

  #collect(found: Map<string, Option[]>, path: string, type: Type, kind: SignatureKind): void {
    for (const signature of this.#checker.getSignaturesOfType(type, kind)) {
      for (const [index, { name }] of signature.getParameters().entries()) {
        const parameter = this.#checker.getParameterType(signature, index)
        if (parameter === undefined || !/options|given|^__/i.test(name) || this.#isOfOthers(parameter)) continue
        const where = `${path}(${name})`
        found.set(where, [...(found.get(where) ?? []), ...this.#within(where, parameter)])
      }
    }
  }

  #within(path: string, type: Type, depth = 0): Option[] {
    const parts = this.#partsOf(type).filter((part) => this.#isPlain(part))
    return parts.flatMap((part) =>
      this.#ownPropertiesOf(part).flatMap((property) => {
        const option = this.#optionOf(path, property)
        const inner = this.#checker.getTypeOfSymbol(property)
        return inner === undefined || depth > 3 ? [option] : [option, ...this.#within(option.path, inner, depth + 1)]
      }),
    )
  }

  /** Without `undefined`, and each of several forms by itself. */
  #partsOf(type: Type): readonly Type[] {
    const given = this.#checker.getNonNullableType(type) ?? type
    return given.isUnionType() ? (given.getTypes() ?? []) : [given]
  }

  /** Whether it is an object that holds options, and neither a list, a function, a contract nor something with methods of its own. */
  #isPlain(type: Type): boolean {
    if (!(type.isObjectType() || type.isIntersectionType()) || this.#isList(type)) return false
    if (this.#checker.getPropertyOfType(type, 'kind') !== undefined) return false
    const calls = [SignatureKind.Call, SignatureKind.Construct]
    if (calls.some((kind) => this.#checker.getSignaturesOfType(type, kind).length > 0)) return false
    return this.#ownPropertiesOf(type).every(({ flags }) => (flags & SymbolFlags.Method) === 0)
  }

  #isList(type: Type): boolean {
    return this.#checker.isArrayLikeType(type) || this.#checker.getPropertyOfType(type, '0') !== undefined
  }

  /** Without those that the language or Node.js declares. */
  #ownPropertiesOf(type: Type): readonly TypeSymbol[] {
    return this.#checker
      .getPropertiesOfType(type)
      .filter(({ declarations }) => declarations.some(({ path }) => OF_THE_WORKSPACE.test(path)))
  }

  /** Whether it holds nothing of leveret's own, as `ErrorOptions` does. */
  #isOfOthers(type: Type): boolean {
    return this.#partsOf(type).every(
      (part) => this.#checker.getPropertiesOfType(part).length > 0 && this.#ownPropertiesOf(part).length === 0,
    )
  }

  #optionOf(path: string, symbol: TypeSymbol): Option {
    const tags = symbol.getJsDocTags(this.#checker)
    return {
      path: `${path}.${symbol.name}`,
      documentation: symbol.getDocumentationComment(this.#checker),
      defaultValue: tags.find(({ name }) => name === 'defaultValue')?.text,
      isOptional: (symbol.flags & SymbolFlags.Optional) !== 0,
    }
  }

  #named(name: string): TypeSymbol {
    const found = this.#exports.find((symbol) => symbol.name === name)
    if (found === undefined) throw new Error(`the library exports no ${name}`)
    return this.#resolved(found)
  }

  #resolved(symbol: TypeSymbol): TypeSymbol {
    return symbol.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }
}
