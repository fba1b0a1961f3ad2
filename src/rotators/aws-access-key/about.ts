import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "aws-access-key",
  title: "AWS access keys",
  schemes: [],
  names: ["*AWS_SECRET_ACCESS_KEY", "*SECRET_ACCESS_KEY", "*SECRET_KEY"],
  images: [],
  overlap: "both",
  needs:
    "iam:GetAccessKeyLastUsed, iam:ListAccessKeys, iam:CreateAccessKey, iam:UpdateAccessKey and iam:DeleteAccessKey on the user",
  page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html",
};
