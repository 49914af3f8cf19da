"""Refuse the calls that the caller's role, or the bucket's policy, does not allow."""

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from local_aws.errors import UnsupportedPolicyError
from local_aws.http.http_message import Headers, HttpAnswer
from local_aws.iam.aws_calls import Call, Request, calls_of
from local_aws.iam.credentials import Principal, RoleCredentials, signer
from local_aws.iam.policies import Decision, decide
from local_aws.iam.refusals import refusal_answer

_REFUSALS = (ClientError, ParamValidationError)  # a bucket's name may be malformed
_CHANGING_SERVICES = {"iam", "cloudformation"}


class AccessControl:
    """Decides each request by the policies as they are deployed now.

    Parameters
    ----------
    credentials
        Knows whom the access keys stand for.
    client
        Returns a boto3 client of moto itself for a service.
    region
        The region of everything.
    """

    def __init__(self, credentials: RoleCredentials, client: Callable[[str], Any], region: str) -> None:
        self._credentials = credentials
        self._client = client
        self._region = region
        self._lock = threading.Lock()
        self._cache: dict[str, list[dict[str, Any]]] = {}

    def refusal(self, method: str, target: str, headers: Headers, body: bytes) -> HttpAnswer | None:
        """Return AWS's answer to a request that is not allowed; None for one that is."""
        access_key, service = signer(target, headers)
        caller = self._credentials.principal(access_key)
        if caller is None and service != "s3":
            return None
        request = Request(method, target, _by_lower_name(headers), service, self._region, body)
        for call in calls_of(request):
            try:
                refused, decision = self._decide(call, caller)
            except UnsupportedPolicyError as error:
                return refusal_answer(request, str(error))
            if decision is not Decision.ALLOWED and self._has_resource(call):
                return refusal_answer(request, _message(refused, caller, decision))
        return None

    def forget_policies(self, method: str, target: str, headers: Headers) -> None:
        """Read policies anew after a request that may have changed them."""
        _, service = signer(target, headers)
        is_bucket_change = service == "s3" and method != "GET" and "/" not in target.partition("?")[0].strip("/")
        if service in _CHANGING_SERVICES or is_bucket_change:
            with self._lock:
                self._cache.clear()

    def _decide(self, call: Call, caller: Principal | None) -> tuple[Call, Decision]:
        """Return the decision, and the call that it is about: for a missing object, that to list its bucket."""
        identity = (
            self._cached(f"role {caller.role_name}", lambda: self._role_policies(caller.role_name)) if caller else []
        )
        bucket = self._bucket_policy(call)
        decision = decide(call, caller, identity, bucket)
        if decision is Decision.ALLOWED and caller and call.action == "s3:GetObject":
            listing = Call("s3:ListBucket", call.resource.partition("/")[0])
            may_list = decide(listing, caller, identity, bucket)
            if may_list is not Decision.ALLOWED and self._is_missing(call):
                return listing, may_list
        return call, decision

    def _is_missing(self, call: Call) -> bool:
        """Tell whether there is no such object; S3 says so only to those who may list the bucket.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.
        """
        try:
            self._client("s3").head_object(Bucket=_bucket(call), Key=call.resource.partition("/")[2])
        except _REFUSALS:
            return True
        return False

    def _has_resource(self, call: Call) -> bool:
        """Tell whether the bucket exists; S3 answers NoSuchBucket before it looks at policies, whoever asks."""
        if not call.action.startswith("s3:") or not _bucket(call):
            return True
        try:
            self._client("s3").head_bucket(Bucket=_bucket(call))
        except _REFUSALS:
            return False
        return True

    def _bucket_policy(self, call: Call) -> dict[str, Any] | None:
        if not call.action.startswith("s3:") or not _bucket(call):
            return None
        name = _bucket(call)

        def read() -> list[dict[str, Any]]:
            with contextlib.suppress(*_REFUSALS):  # no policy, or no bucket
                return [json.loads(self._client("s3").get_bucket_policy(Bucket=name)["Policy"])]
            return []

        return next(iter(self._cached(f"bucket {name}", read)), None)

    def _role_policies(self, role_name: str) -> list[dict[str, Any]]:
        """Return the documents of a role's policies, its own and the managed ones; none of a role that is gone."""
        iam = self._client("iam")
        try:
            names = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
            documents = [iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"] for name in names]
            for attached in iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]:
                arn = attached["PolicyArn"]
                version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
        except iam.exceptions.NoSuchEntityException:
            return []
        return documents

    def _cached(self, key: str, read: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        with self._lock:
            if key in self._cache:
                return self._cache[key]
        documents = read()
        with self._lock:
            return self._cache.setdefault(key, documents)


def _bucket(call: Call) -> str:
    return call.resource.partition("/")[0].removeprefix("arn:aws:s3:::")


def _by_lower_name(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _message(call: Call, caller: Principal | None, decision: Decision) -> str:
    """Return AWS's words; S3 quotes the resource."""
    user = caller.arn if caller else "the administrator"
    resource = f'"{call.resource}"' if call.action.startswith("s3:") else call.resource
    reason = decision.value.format(action=call.action)
    return f"User: {user} is not authorized to perform: {call.action} on resource: {resource} {reason}"
