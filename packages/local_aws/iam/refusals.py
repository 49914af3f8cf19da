"""AWS's answer to a call that is not allowed, in the form of each service's protocol.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html,
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (AuthorizationError).
"""

import json
import uuid
from xml.sax.saxutils import escape

from local_aws.http.http_message import HttpAnswer
from local_aws.iam.aws_calls import Request


def refusal_answer(request: Request, message: str) -> HttpAnswer:
    """Return the answer to a request that is refused."""
    request_id = str(uuid.uuid4())
    xml = {"Content-Type": "application/xml", "x-amzn-RequestId": request_id}
    if request.service == "s3":
        body = f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        return HttpAnswer(403, body.encode(), xml)
    if "x-amz-target" in request.headers:
        error = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": message}
        return HttpAnswer(
            400,
            json.dumps(error).encode(),
            {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": request_id},
        )
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        code = "AuthorizationError" if request.service == "sns" else "AccessDenied"
        body = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        return HttpAnswer(403, f"<ErrorResponse><Error>{body}</Error></ErrorResponse>".encode(), xml)
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
    headers["x-amzn-RequestId"] = request_id
    return HttpAnswer(403, json.dumps({"Message": message}).encode(), headers)
