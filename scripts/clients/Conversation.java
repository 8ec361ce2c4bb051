// A whole conversation through the Java client that openapi-generator makes for java.net.http.
//
// The environment names the server (ORIGIN), one that is strict (STRICT), and the tokens of two people and a stranger (ANN, BEA, EVE).

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.CompatibilityApi;
import org.openapitools.client.api.DescriptionApi;
import org.openapitools.client.api.MessagesApi;
import org.openapitools.client.api.OperationsApi;
import org.openapitools.client.model.AddressedMessage;
import org.openapitools.client.model.Message;
import org.openapitools.client.model.NewMessage;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.ProblemType;
import org.openapitools.client.model.ReadPosition;

final class Conversation {
    private static final ObjectMapper JSON = ApiClient.createDefaultObjectMapper();
    private static final String ID = "application-1";

    private final MessagesApi ann = new MessagesApi(client("ORIGIN", "ANN"));
    private final MessagesApi bea = new MessagesApi(client("ORIGIN", "BEA"));
    private final MessagesApi eve = new MessagesApi(client("ORIGIN", "EVE"));

    /** A poll of something, with the entity tag that is known of it. */
    private interface Poll {
        ApiResponse<?> ask(String ifNoneMatch) throws ApiException;
    }

    public static void main(String[] arguments) throws Exception {
        Conversation conversation = new Conversation();
        conversation.openAndSend();
        conversation.pollByEntityTag();
        conversation.pollByCursorAndRead();
        conversation.pollAndWait();
        conversation.otherWords();
        conversation.pageThrough("long", 1000);
        conversation.errors();
        conversation.examples();
    }

    private static ApiClient client(String server, String name) {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv(server));
        if (name != null) {
            String field = "Bearer " + System.getenv(name);
            client.setRequestInterceptor(request -> request.header("Authorization", field));
        }
        return client;
    }

    private static void equal(Object found, Object expected) {
        if (!Objects.equals(found, expected)) throw new AssertionError("expected " + expected + ", found " + found);
    }

    private static List<String> contents(List<Message> messages) {
        return messages.stream().map(Message::getContent).toList();
    }

    private static Optional<String> header(Map<String, List<String>> headers, String name) {
        return headers.entrySet().stream().filter(field -> field.getKey().equalsIgnoreCase(name))
            .map(field -> field.getValue().get(0)).findFirst();
    }

    private static NewMessage message(String content) {
        return new NewMessage().content(content);
    }

    private static ApiException thrown(Callable<?> request) throws Exception {
        try {
            request.call();
        } catch (ApiException exception) {
            return exception;
        }
        throw new AssertionError("it was not refused");
    }

    /** An error is an exception with a problem of its own type, from a closed list. */
    private static Problem refused(ProblemType type, Callable<?> request) throws Exception {
        ApiException exception = thrown(request);
        Problem problem = JSON.readValue(exception.getResponseBody(), Problem.class);
        equal(problem.getType(), type);
        equal(problem.getStatus(), exception.getCode());
        equal(problem.getTitle().isEmpty() || problem.getDetail().isEmpty(), false);
        return problem;
    }

    private void openAndSend() throws ApiException {
        equal(ann.listConversations(null, null, null, null, null, null, null).stream().map(c -> c.getId()).toList(), List.of("long"));
        Message first = ann.sendMessage(ID, message("Hello, Bea!").receiverId("bea"), null, null);
        equal(List.of(first.getId(), first.getSenderId(), first.getReceiverId()), List.of("application-1:1", "ann", "bea"));
        equal(List.of(first.getSent(), first.getRead()), List.of(true, false));
        equal(first.getClientMessageId(), null);
        equal(Duration.between(first.getTimestamp(), OffsetDateTime.now()).abs().toMinutes(), 0L);

        ApiResponse<Message> once = bea.sendMessageWithHttpInfo(ID, message("Hello, Ann!"), "once", null);
        ApiResponse<Message> again = bea.sendMessageWithHttpInfo(ID, message("Hello, Ann!"), "once", null);
        equal(once.getData().getId(), "application-1:2");
        equal(again.getData(), once.getData());
        equal(header(once.getHeaders(), "Idempotency-Replayed"), Optional.empty());
        equal(header(again.getHeaders(), "Idempotency-Replayed"), Optional.of("true"));

        var conversation = ann.listConversations(null, null, null, 1, null, null, null).get(0);
        equal(List.of(conversation.getId(), conversation.getName(), conversation.getUnread()), List.of(ID, "Bea Best", 1L));
        equal(contents(conversation.getMessages()), List.of("Hello, Ann!"));
        equal(conversation.getParticipants().stream().map(p -> p.getId()).toList(), List.of("ann", "bea"));
    }

    private void pollByEntityTag() throws Exception {
        List<Poll> polls = List.of(
            tag -> ann.listConversationsWithHttpInfo(null, null, null, null, tag, null, null),
            tag -> ann.listMessagesWithHttpInfo(ID, null, null, null, tag, null, null));
        for (Poll poll : polls) {
            var known = poll.ask(null).getHeaders();
            String tag = header(known, "ETag").orElseThrow();
            // This generator takes whatever is not 2xx for an error.
            ApiException unchanged = thrown(() -> poll.ask(tag));
            equal(unchanged.getCode(), 304);
            equal(header(unchanged.getResponseHeaders().map(), "X-Cursor"), header(known, "X-Cursor"));
            equal(header(unchanged.getResponseHeaders().map(), "X-Poll-Interval"), Optional.of("10"));
            bea.sendMessage(ID, message("Still there?"), null, null);
            ApiResponse<?> changed = poll.ask(tag);
            equal(changed.getStatusCode(), 200);
            equal(header(changed.getHeaders(), "ETag").equals(Optional.of(tag)), false);
        }
    }

    private void pollByCursorAndRead() throws ApiException {
        String cursor = header(ann.listMessagesWithHttpInfo(ID, null, null, null, null, null, null).getHeaders(), "X-Cursor").orElseThrow();
        equal(ann.listMessages(ID, cursor, null, null, null, null, null), List.of());
        bea.sendMessage(ID, message("Ann?"), null, null);
        ApiResponse<List<Message>> delta = ann.listMessagesWithHttpInfo(ID, cursor, null, null, null, null, null);
        equal(contents(delta.getData()), List.of("Ann?"));
        equal(delta.getData().get(0).getRead(), false);
        cursor = header(delta.getHeaders(), "X-Cursor").orElseThrow();

        var receipt = ann.markAsRead(ID, null, new ReadPosition().upTo(ID + ":3"));
        equal(List.of(receipt.getReadUpTo(), receipt.getUnread()), List.of(ID + ":3", 2L));
        equal(ann.markAsRead(ID, null, null).getUnread(), 0L);
        List<Message> flipped = ann.listMessages(ID, cursor, null, null, null, null, null);
        equal(flipped.stream().map(Message::getId).toList(), IntStream.rangeClosed(2, 5).mapToObj(n -> ID + ":" + n).toList());
        equal(flipped.stream().allMatch(Message::getRead), true);
    }

    private void pollAndWait() throws Exception {
        var known = ann.listMessagesWithHttpInfo(ID, null, null, null, null, "wait=20", null).getHeaders();
        equal(header(known, "Preference-Applied"), Optional.of("wait=20"));
        equal(header(known, "X-Poll-Interval"), Optional.of("0"));
        String cursor = header(known, "X-Cursor").orElseThrow();
        var waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return ann.listMessages(ID, cursor, null, null, null, "wait=20", null);
            } catch (ApiException failure) {
                throw new IllegalStateException(failure);
            }
        });
        bea.sendMessage(ID, message("Waiting?"), null, null);
        equal(contents(waiting.get()), List.of("Waiting?"));
        String tag = header(ann.listConversationsWithHttpInfo(null, null, null, null, null, null, null).getHeaders(), "ETag").orElseThrow();
        ApiException unchanged = thrown(() -> ann.listConversations(null, null, null, null, tag, "wait=1", null));
        equal(unchanged.getCode(), 304);
        equal(header(unchanged.getResponseHeaders().map(), "Preference-Applied"), Optional.of("wait=1"));
    }

    private void otherWords() throws Exception {
        var known = bea.getConversationWithHttpInfo(ID, null, null, null, 1, null, null, null);
        equal(known.getData().getName(), "Ann Archer");
        equal(known.getData().getParticipants().stream().map(p -> p.getId()).toList(), List.of("ann", "bea"));
        String tag = header(known.getHeaders(), "ETag").orElseThrow();
        equal(thrown(() -> bea.getConversation(ID, null, null, null, 1, tag, null, null)).getCode(), 304);
        CompatibilityApi anns = new CompatibilityApi(client("ORIGIN", "ANN"));
        CompatibilityApi beas = new CompatibilityApi(client("ORIGIN", "BEA"));
        for (AddressedMessage message : List.of(new AddressedMessage().conversationId(ID), new AddressedMessage().recipientId(ID))) {
            Message sent = anns.send(message.content("In other words"), null, null);
            equal(List.of(sent.getConversationId(), sent.getReceiverId()), List.of(ID, "bea"));
            equal(beas.markAsReadByPost(ID, null, new ReadPosition().upTo(sent.getId())).getReadUpTo(), sent.getId());
            equal(beas.markAsReadByPatch(ID, null, null).getUnread(), 0L);
        }
    }

    private void pageThrough(String id, int count) throws ApiException {
        List<String> expected = IntStream.rangeClosed(1, count).mapToObj(n -> "message " + n).toList();
        List<Message> all = ann.listMessages(id, null, null, 150, null, null, null);
        while (!all.get(0).getId().equals(id + ":1")) {
            List<Message> older = new ArrayList<>(ann.listMessages(id, null, all.get(0).getId(), 150, null, null, null));
            older.addAll(all);
            all = older;
        }
        equal(contents(all), expected);

        List<String> seen = new ArrayList<>();
        ApiResponse<List<Message>> page = ann.listMessagesWithHttpInfo(id, "0", null, 150, null, null, null);
        while (!page.getData().isEmpty()) {
            seen.addAll(contents(page.getData()));
            String cursor = header(page.getHeaders(), "X-Cursor").orElseThrow();
            page = ann.listMessagesWithHttpInfo(id, cursor, null, 150, null, null, null);
        }
        equal(seen, expected);
    }

    private void errors() throws Exception {
        ApiClient nobody = client("ORIGIN", null);
        refused(ProblemType.MALFORMED_REQUEST, () -> ann.listConversations(null, null, 0, null, null, null, null));
        refused(ProblemType.MALFORMED_CURSOR, () -> ann.listConversations("?", null, null, null, null, null, null));
        refused(ProblemType.UNAUTHENTICATED, () -> new MessagesApi(nobody).listConversations(null, null, null, null, null, null, null));
        refused(ProblemType.SENDER_MISMATCH, () -> ann.sendMessage(ID, message("I am Bea.").senderId("bea"), null, null));
        refused(ProblemType.CONVERSATION_NOT_FOUND, () -> eve.listMessages(ID, null, null, null, null, null, null));
        refused(ProblemType.CONVERSATION_NOT_FOUND, () -> ann.sendMessage("nowhere", message("Hello?"), null, null));
        refused(ProblemType.CURSOR_EXPIRED, () -> ann.listMessages(ID, "zz.1.1.1", null, null, null, null, null));
        refused(ProblemType.CONTENT_TOO_LARGE, () -> ann.sendMessage(ID, message("x".repeat(20_000)), null, null));
        refused(ProblemType.INVALID_MESSAGE, () -> ann.sendMessage(ID, message(" "), null, null));
        refused(ProblemType.IDEMPOTENCY_CONFLICT, () -> bea.sendMessage(ID, message("Something else"), "once", null));
        refused(ProblemType.INVALID_READ_POSITION, () -> ann.markAsRead(ID, null, new ReadPosition().upTo("long:1")));
        equal(refused(ProblemType.POLLING_ONLY, () -> polled(nobody)).getEndpoints().size(), 4);

        MessagesApi strict = new MessagesApi(client("STRICT", "ANN"));
        refused(ProblemType.OPENING_FORBIDDEN, () -> strict.sendMessage(ID, message("Hello!").receiverId("bea"), null, null));
        equal(strict.listConversations(null, null, null, null, null, null, null), List.of());
        refused(ProblemType.RATE_LIMITED, () -> strict.listConversations(null, null, null, null, null, null, null));
        ApiException limited = thrown(() -> strict.listConversations(null, null, null, null, null, null, null));
        equal(header(limited.getResponseHeaders().map(), "Retry-After").filter(after -> Integer.parseInt(after) >= 1).isPresent(), true);
    }

    private static Void polled(ApiClient nobody) throws ApiException {
        new OperationsApi(nobody).getWebSocket(null);
        return null;
    }

    /** Every problem that is described can be read, those too that this conversation cannot bring about. */
    private void examples() throws Exception {
        JsonNode described = JSON.valueToTree(new DescriptionApi(client("ORIGIN", null)).getDescriptionAsJSON(null, null));
        EnumSet<ProblemType> shown = EnumSet.noneOf(ProblemType.class);
        for (JsonNode response : described.at("/components/responses")) {
            for (JsonNode example : response.path("content").path("application/problem+json").path("examples")) {
                shown.add(JSON.treeToValue(example.get("value"), Problem.class).getType());
            }
        }
        equal(shown, EnumSet.allOf(ProblemType.class));
    }
}
