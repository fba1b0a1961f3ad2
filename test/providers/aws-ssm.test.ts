import { providerConformance } from "../conformance/provider.ts";
import { awsWorld } from "./aws-world.ts";

const RIGHTS = {
  write: ["ssm:PutParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource", "ssm:GetParameterHistory"],
  read: ["ssm:GetParameter", "ssm:DescribeParameters"],
};

providerConformance("aws-ssm", () => awsWorld("aws-ssm", RIGHTS, {}, /PutParameter/), {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  reference: /^ref\+awsssm:\/\/\S+$/,
  deniedHint: /"Action":"ssm:\w+"/,
  most: 8192,
  empty: false,
});
